"""IPv4 options as a process gives them to setsockopt(2).  RFC 791 section 3.1; RFC 781."""

from __future__ import annotations

IPOPT_RR = 7
IPOPT_TS = 68
IPOPT_SECURITY = 130
IPOPT_LSRR = 131
IPOPT_SSRR = 137
TS_TSONLY = 0
TS_TSANDADDR = 1
TS_PRESPEC = 3


def source_route(template: bytes, *hops: bytes) -> bytes:
    """Fill the addresses of a source route in, four bytes each, of which the last is the destination."""
    route = b"".join(hops)
    return template[: -len(route)] + route
