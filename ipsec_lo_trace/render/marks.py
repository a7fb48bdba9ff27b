"""Marks in words."""

from __future__ import annotations

from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.trace import Crossing, Mark


def mark_text(mark: Mark) -> str:
    """Say which mark it is, whose SA it names, and whom it was made for."""
    return f"{mark.name}{sa_text(mark)} made for {mark.made_for}"


def sa_text(mark: Mark) -> str:
    """Show a tag's tdb_ident with a leading space; "" for a mark without one."""
    if mark.spi is None:
        return ""
    proto = PROTO_NAMES.get(mark.proto or 0, str(mark.proto))
    return f" {proto} 0x{mark.spi:08x} to {mark.dst}"


def sign(mark: Mark) -> str:
    """Return the sign of a mark that a packet carries: ``!`` stale, ``=`` its own."""
    return "!" if mark.stale else "="


NUMBERED = ("ah", "esp", "ipcomp")
"""The protocols whose headers have an SPI; IPComp's is its CPI, and its sequence number 0."""


def crossing_text(crossing: Crossing) -> str:
    """Show one crossing as ``ah:1011#1/esp:1001#1`` (SPI in hexadecimal, number) or ``icmp``.

    Outermost first.  The protocol inside AH, ESP or IPComp is not shown; without any, the innermost one is.
    Only the first fragment has the header with the numbers.
    """
    sealed = [name for name in crossing.proto if name in NUMBERED]
    numbers = zip(sealed, crossing.spi, crossing.seq, strict=False)
    parts = [f"{name}:{spi:x}" if seq is None else f"{name}:{spi:x}#{seq}" for name, spi, seq in numbers]
    return "/".join(parts + sealed[len(parts) :]) or crossing.proto[-1]
