"""Blocks of a pcapng file (the IETF's draft-ietf-opsawg-pcapng), little-endian, to the byte.

Times are whole seconds: nothing is rounded on the way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

DLT_NULL = 0
"""The link type of BSD's lo0: before each packet four bytes of address family, in the file's byte order."""
AF_INET = 2
NULL_HEADER = struct.pack("<I", AF_INET)
SNAP_LEN = 262_144
"""Bytes, as tcpdump sets it: more than a packet can have."""
RESOLUTION = 9
"""if_tsresol: times count billionths of a second."""
MAX_OPTION_LEN = 0xFFFC
"""Bytes that an option can hold and still be filled up to a multiple of four."""

_SECTION, _INTERFACE, _PACKET = 0x0A0D0D0A, 1, 6
_BYTE_ORDER = 0x1A2B3C4D
_UNKNOWN_LEN = -1
_COMMENT = 1
_SHB_USERAPPL = 4
_IF_NAME, _IF_TSRESOL = 2, 9
_EPB_FLAGS, _EPB_PACKETID, _EPB_VERDICT = 2, 5, 7
_TC_VERDICT = 1

INBOUND, OUTBOUND = 1, 2
"""epb_flags: which way the packet goes."""
PASSED, DROPPED = 0, 2
"""epb_verdict, in the numbers of Linux's traffic control (TC_ACT_OK, TC_ACT_SHOT): viewers have words for
these, and none for a verdict of our own.
"""


def section(tool: str, comments: Iterable[str]) -> bytes:
    """Begin the file."""
    options = _comments(comments) + _text(_SHB_USERAPPL, tool)
    return _block(_SECTION, struct.pack("<IHHq", _BYTE_ORDER, 1, 0, _UNKNOWN_LEN), options)


def interface(name: str) -> bytes:
    """Describe an interface; they are numbered from 0 in the order in which they are described."""
    options = _text(_IF_NAME, name) + _option(_IF_TSRESOL, bytes((RESOLUTION,)))
    return _block(_INTERFACE, struct.pack("<HHI", DLT_NULL, 0, SNAP_LEN), options)


def packet(
    number: int, seconds: int, data: bytes, *, comments: Iterable[str], direction: int = 0, ident: int = 0,
    verdict: int | None = None,
) -> bytes:  # fmt: skip
    """Return one packet on interface ``number``.

    ``direction`` and ``ident`` are left out if 0, ``verdict`` if None.
    """
    options = _comments(comments)
    options += _option(_EPB_FLAGS, struct.pack("<I", direction)) if direction else b""
    options += _option(_EPB_PACKETID, struct.pack("<Q", ident)) if ident else b""
    if verdict is not None:
        options += _option(_EPB_VERDICT, struct.pack("<BQ", _TC_VERDICT, verdict))
    time = seconds * 10**RESOLUTION % 2**64
    frame = NULL_HEADER + data
    head = struct.pack("<IIIII", number, time >> 32, time & 0xFFFFFFFF, len(frame), len(frame))
    return _block(_PACKET, head + _filled(frame), options)


def _block(kind: int, body: bytes, options: bytes) -> bytes:
    if options:
        options += _option(0, b"")
    length = struct.pack("<I", 12 + len(body) + len(options))
    return struct.pack("<I", kind) + length + body + options + length


def _comments(comments: Iterable[str]) -> bytes:
    return b"".join(_text(_COMMENT, comment) for comment in comments)


def _text(code: int, text: str) -> bytes:
    """Return a text as an option, or as several if one cannot hold it."""
    data = text.encode()
    pieces = range(0, len(data) or 1, MAX_OPTION_LEN)
    return b"".join(_option(code, data[at : at + MAX_OPTION_LEN]) for at in pieces)


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + _filled(value)


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)
