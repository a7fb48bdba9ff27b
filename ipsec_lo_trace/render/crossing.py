"""One packet on lo0 in one word."""

from __future__ import annotations

from ipsec_lo_trace.model.trace import Crossing

NUMBERED = ("ah", "esp", "ipcomp")
"""The protocols whose headers have an SPI; IPComp's is its CPI, and its sequence number 0."""


def crossing_text(crossing: Crossing) -> str:
    """Show one crossing as ``ah:1011#1/esp:1001#1`` (SPI in hexadecimal, sequence number) or ``icmp``.

    Outermost first.  The protocol inside AH, ESP or IPComp is not shown; without any, the innermost one is.
    Only the first fragment has the header with the numbers.
    """
    sealed = [name for name in crossing.proto if name in NUMBERED]
    numbers = zip(sealed, crossing.spi, crossing.seq, strict=False)
    parts = [f"{name}:{spi:x}#{seq}" for name, spi, seq in numbers]
    return "/".join(parts + sealed[len(parts) :]) or crossing.proto[-1]
