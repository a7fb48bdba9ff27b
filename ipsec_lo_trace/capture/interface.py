"""What a pcapng file says of an interface: its name, its link type, and the unit of its time stamps.

Source: draft-ietf-opsawg-pcapng, section 4.2.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

_INTERFACE_HEADER_LEN = 8
_OPTION_HEADER_LEN = 4
_OPT_ENDOFOPT = 0
_IF_NAME = 2
_IF_TSRESOL = 9
_IF_TSOFFSET = 14
MAX_NAME_LEN = 64
"""Bytes of an interface's name that are kept; Linux and the BSDs have up to 16."""
_SECOND_NS = 1_000_000_000
_BINARY = 0x80
_MICROSECONDS = 6


class Interface(msgspec.Struct, frozen=True):
    """One interface; ``name`` is what its host calls it, "" if the capture does not say.

    ``snap_len`` is in bytes, 0 for none.  A time stamp times ``multiplier`` divided by ``divisor`` is in
    nanoseconds, to which ``offset_ns`` comes.
    """

    link_type: int
    name: str
    snap_len: int
    multiplier: int
    divisor: int
    offset_ns: int


def interface(body: bytes, order: str) -> Interface:
    """Read the body of an Interface Description Block; ValueError says what is wrong with it.

    ``order`` is the section's byte order, as struct writes it.
    """
    link_type, snap_len = struct.unpack_from(f"{order}HxxI", body)
    name, multiplier, divisor, offset_ns = "", _SECOND_NS, 10**_MICROSECONDS, 0
    for code, value in _options(body, order):
        if code == _IF_NAME:
            name = value[:MAX_NAME_LEN].rstrip(b"\0").decode("utf-8", "replace")
        elif code == _IF_TSRESOL:
            _check_len("if_tsresol", value, 1)
            exponent = value[0] & ~_BINARY
            divisor = 2**exponent if value[0] & _BINARY else 10**exponent
        elif code == _IF_TSOFFSET:
            _check_len("if_tsoffset", value, 8)
            offset_ns = struct.unpack(f"{order}q", value)[0] * _SECOND_NS
    if multiplier % divisor == 0:
        multiplier, divisor = multiplier // divisor, 1
    return Interface(link_type, name, snap_len, multiplier, divisor, offset_ns)


def _options(body: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = _INTERFACE_HEADER_LEN
    while at + _OPTION_HEADER_LEN <= len(body):
        code, length = struct.unpack_from(f"{order}HH", body, at)
        if code == _OPT_ENDOFOPT:
            return
        at += _OPTION_HEADER_LEN
        if at + length > len(body):
            raise ValueError(f"its option {code} claims {length} bytes, more than the block has")
        yield code, body[at : at + length]
        at += length + -length % 4


def _check_len(name: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError(f"its {name} has {len(value)} bytes, not {length}")
