"""IPv4 options as a process gives them to setsockopt(2).  RFC 791 section 3.1; RFC 781."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.wire.ip import IPOPT_NOP

IPOPT_RR = 7
IPOPT_TS = 68
IPOPT_SECURITY = 130
IPOPT_LSRR = 131
IPOPT_SSRR = 137
TS_TSONLY = 0
TS_TSANDADDR = 1
TS_PRESPEC = 3
MAX_LEN = 40
"""The bytes of options that fit into a header."""
FIRST_ROUTE_POINTER = 4
FIRST_TIMESTAMP_POINTER = 5


def timestamp_option() -> bytes:
    """Make the option that asks each host for its address and the time: four empty slots, 36 bytes."""
    slots = (MAX_LEN - 4) // 8
    option = bytes((IPOPT_TS, 4 + slots * 8, FIRST_TIMESTAMP_POINTER, TS_TSANDADDR))
    return option + bytes(slots * 8)


def source_route_option(*hops: IPv4Address) -> bytes:
    """Make a loose source route over ``hops``, the last of which is the destination, padded by a NOP."""
    route = b"".join(hop.packed for hop in hops)
    return bytes((IPOPT_NOP, IPOPT_LSRR, 3 + len(route), FIRST_ROUTE_POINTER)) + route
