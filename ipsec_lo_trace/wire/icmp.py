"""ICMP echo messages as bytes.  RFC 792."""

from __future__ import annotations

import struct
from functools import lru_cache

from ipsec_lo_trace.wire.ip import checksum

ICMP_ECHOREPLY = 0
ICMP_ECHO = 8
HEADER_LEN = 8
NAMES = {ICMP_ECHOREPLY: "echo reply", ICMP_ECHO: "echo request"}
_HEADER = struct.Struct("!BBHHH")


def checksum_ok(message: bytes) -> bool:
    """Tell whether the message's checksum is right."""
    return checksum(message) == 0


def with_type(message: bytes, kind: int) -> bytes:
    """Give the message another type, and a fresh checksum."""
    return _sealed(bytes((kind,)) + message[1:2], message[4:])


def ident_seq(message: bytes) -> tuple[int, int]:
    """Read identifier and sequence number of an echo message."""
    _kind, _code, _sum, ident, seq = _HEADER.unpack_from(message)
    return ident, seq


def with_sequence(message: bytes, seq: int, data_head: bytes = b"") -> bytes:
    """Give an echo message another sequence number and other first data bytes, and a fresh checksum."""
    data = data_head + message[HEADER_LEN + len(data_head) :]
    return _sealed(message[:2], message[4:6] + seq.to_bytes(2, "big") + data)


def _sealed(head: bytes, rest: bytes) -> bytes:
    return head + checksum(head + b"\0\0" + rest).to_bytes(2, "big") + rest


@lru_cache(maxsize=32)
def describe(message: bytes) -> str:
    """Say in words what the message is; its first eight bytes will do."""
    if len(message) < HEADER_LEN:
        return "ICMP cut short"
    ident, seq = ident_seq(message)
    kind = NAMES.get(message[0])
    return f"{kind} id 0x{ident:04x} seq {seq}" if kind else f"ICMP type {message[0]}"
