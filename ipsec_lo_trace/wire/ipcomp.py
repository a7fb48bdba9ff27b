"""IPComp as bytes: its header, and raw deflate.  RFC 3173; RFC 2394.

The window is 4 KiB for compressing, as the kernel had it, and 32 KiB, the widest there is, for taking what
any peer compressed; the minus sign is zlib's way to say that no header goes around the bits (RFC 1951).
"""

from __future__ import annotations

import zlib
from typing import NamedTuple

HEADER_LEN = 4
DEFLATE = "deflate"
"""The one algorithm there is, by its setkey(8) name; its well-known CPI is 2 (RFC 2394)."""
DEFLATE_WBITS = -12
INFLATE_WBITS = -15
LEVEL = 6
"""What zlib's default level stands for; written out, so that it is the same whatever zlib's default."""
MEM_LEVEL = 8
GROWTH_MAX = 12
"""How many times as long as its input inflate's output is no longer taken.

Source: opencrypto/deflate.c, deflate_global (FreeBSD's of 2002, which NetBSD's of July 2003 comes from): a
buffer of four times the input's length and eight of its length.
"""


class IpcompHeader(NamedTuple):
    """struct ipcomp: ``cpi`` has 16 bits."""

    next_header: int
    flags: int
    cpi: int


def read(data: bytes, at: int = 0) -> IpcompHeader:
    """Read the header at ``data[at:]``, which must be there in full."""
    return IpcompHeader(data[at], data[at + 1], int.from_bytes(data[at + 2 : at + HEADER_LEN], "big"))


def deflate(data: bytes) -> bytes:
    """Compress; what comes out may be longer than what went in.

    Source: opencrypto/deflate.c, deflate_global.
    """
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, DEFLATE_WBITS, MEM_LEVEL)
    # KERNEL: flushed, not finished, so the last block does not say that it is the last one.
    return packer.compress(data) + packer.flush(zlib.Z_PARTIAL_FLUSH)


def inflate(data: bytes, most: int | None = None) -> bytes | None:
    """Decompress; None for what is no deflate stream, has bytes behind its end, gives nothing or too much.

    Too much is ``most`` bytes; without it, what the kernel had no buffers for.
    Source: opencrypto/deflate.c, deflate_global.  A stream that just stops is taken as far as it goes.
    """
    # SIMPLER: output that fills one of the kernel's buffers to its last byte may have failed there.
    most = most or GROWTH_MAX * len(data)
    unpacker = zlib.decompressobj(INFLATE_WBITS)
    try:
        plain = unpacker.decompress(data, most)
    except zlib.error:
        return None
    if unpacker.unused_data or not 0 < len(plain) < most:
        return None
    return plain
