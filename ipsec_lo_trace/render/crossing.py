"""One packet on lo0 in one word."""

from __future__ import annotations

from ipsec_lo_trace.model.trace import Crossing


def crossing_text(crossing: Crossing) -> str:
    """Show one crossing as ``ah:1011#1/esp:1001#1`` (SPI in hexadecimal, sequence number) or ``icmp``.

    Outermost first.  The protocol inside AH or ESP is not shown; without either, the innermost one is.
    """
    numbers = zip(crossing.spi, crossing.seq, strict=True)
    sealed = [name for name in crossing.proto if name in ("ah", "esp")]
    parts = [f"{name}:{spi:x}#{seq}" for name, (spi, seq) in zip(sealed, numbers, strict=True)]
    return "/".join(parts) or crossing.proto[-1]
