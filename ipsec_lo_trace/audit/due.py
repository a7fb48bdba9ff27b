"""What protection a packet should have and lacks, looked up once for all packets alike."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ipsec_lo_trace.findings.required import Databases, Demand, Ends, Referee, lacking, unmet
from ipsec_lo_trace.wire import ip

MAX_KINDS = 4096
COMPRESSION = "ipcomp"
"""What a policy may ask for, and what protects nothing.  RFC 3173 section 2.2."""
WITH_PORTS = frozenset({6, 17})


class Due(NamedTuple):
    """What the outbound policy asks for, what of it is missing, and what the inbound policy misses.

    ``refused`` is empty if something is missing already.
    """

    asked: tuple[str, ...]
    missing: tuple[str, ...]
    refused: tuple[str, ...]


class Dues:
    """Answers from the policies of an audit."""

    def __init__(self, run: Databases) -> None:
        """Read the policies of the head of an audit."""
        self._referee = Referee(run)
        self._of = lru_cache(MAX_KINDS)(self._look_up)

    def of(self, packet: bytes, borne: tuple[str, ...]) -> Due:
        """Tell what is due to a packet that ``borne`` was taken off."""
        upper = ip.proto(packet)
        ports = _ports(packet) if upper in WITH_PORTS else b""
        return self._of(upper, ip.ends(packet), ports, borne)

    def _look_up(self, upper: int, addresses: bytes, ports: bytes, borne: tuple[str, ...]) -> Due:
        src, dst = ip.address(addresses[:4]), ip.address(addresses[4:])
        ends = Ends(str(src), str(dst), upper, *ip.ports(ports, 0))
        out, into = (_without_compression(self._referee.demand(way, ends)) for way in ("out", "in"))
        missing = unmet(out, borne)
        return Due(out.asked, missing, () if missing else lacking(into.insisted, borne))


def _ports(packet: bytes) -> bytes:
    """Return both ports as they stand in the packet; b"" of a later fragment."""
    at = ip.header_len(packet)
    later = ip.off(packet) & ip.IP_OFFMASK
    return b"" if later else packet[at : at + 4]


def _without_compression(demand: Demand) -> Demand:
    asked, insisted = (tuple(name for name in names if name != COMPRESSION) for names in demand)
    return Demand(asked, insisted)
