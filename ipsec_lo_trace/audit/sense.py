"""Whether a plain text that nothing authenticates can be right: by its padding and its next header.

RFC 4303 section 2.4: padding counts up from 1.
"""

from __future__ import annotations

from ipsec_lo_trace.wire.unseal import Open

NEXT_HEADER_LEN = 2
"""Bytes of pad length and next header."""
LAST_ASSIGNED = 146
TRIALS = (253, 254)
"""Protocol numbers that are assigned: up to the last, and two for experiments.  IANA, protocol-numbers."""
_CONVINCING_LEN = 3
ICV_LENS = (12, 16, 24, 32)
"""What an ICV may have, in bytes.  RFC 2403, 4868."""


def makes_sense(plain: bytes, end: int, padding: str, *, known: bool) -> bool:
    """Tell whether a plain text is none by chance; ``known`` says that packets of its SA opened before.

    ``end`` is where the padding begins, ``padding`` how the SA pads: "seq", "zero" or "random".
    """
    filling = plain[end:-NEXT_HEADER_LEN]
    counted = padding != "seq" or filling == bytes(range(1, len(filling) + 1))
    return counted and (known or assigned(plain[-1]) or len(filling) >= _CONVINCING_LEN)


def assigned(proto: int) -> bool:
    """Tell whether a protocol number is in IANA's registry."""
    return proto <= LAST_ASSIGNED or proto in TRIALS


def ends_in_icv(sealed: bytes, open_: Open, shortest: int, block_len: int, padding: str) -> bool:
    """Tell whether a packet makes sense once the bytes of an ICV are cut off its end.

    ``shortest`` is the length of the SA's shortest packet, ``block_len`` what its packets grow by, in bytes.
    """
    for icv_len in ICV_LENS:
        rest = len(sealed) - shortest - icv_len
        if rest < 0 or rest % block_len:
            continue
        plain = open_(sealed[:-icv_len], b"") or b""
        end = len(plain) - NEXT_HEADER_LEN - plain[-2] if len(plain) > 1 else -1
        if end >= 0 and makes_sense(plain, end, padding, known=False):
            return True
    return False
