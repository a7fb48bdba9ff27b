"""ICMP messages as bytes.  RFC 792; address masks RFC 950."""

from __future__ import annotations

import struct
from functools import lru_cache
from ipaddress import IPv4Address

from ipsec_lo_trace.wire.ip import checksum

ICMP_ECHOREPLY = 0
ICMP_REDIRECT = 5
ICMP_ECHO = 8
ICMP_TSTAMP = 13
ICMP_TSTAMPREPLY = 14
ICMP_MASKREQ = 17
ICMP_MASKREPLY = 18
HEADER_LEN = 8
TSTAMP_LEN = 20
"""Bytes of a timestamp message."""
MASK_LEN = 12
"""Bytes of an address mask message."""
ANSWERS = {ICMP_ECHO: ICMP_ECHOREPLY, ICMP_TSTAMP: ICMP_TSTAMPREPLY, ICMP_MASKREQ: ICMP_MASKREPLY}
"""The requests that a host answers, and with what."""
NAMES = {
    ICMP_ECHOREPLY: "echo reply",
    ICMP_ECHO: "echo request",
    ICMP_TSTAMP: "timestamp request",
    ICMP_TSTAMPREPLY: "timestamp reply",
    ICMP_MASKREQ: "address mask request",
    ICMP_MASKREPLY: "address mask reply",
}
ERROR_NAMES = {
    (3, 1): "host unreachable",
    (3, 3): "port unreachable",
    (3, 13): "administratively prohibited",
    (5, 1): "redirect",
    (11, 0): "time to live exceeded",
}
"""The errors that a host sends here, by type and code."""
_HEADER = struct.Struct("!BBHHH")


def checksum_ok(message: bytes) -> bool:
    """Tell whether the message's checksum is right."""
    return checksum(message) == 0


def with_type(message: bytes, kind: int) -> bytes:
    """Return the message another type, and a fresh checksum."""
    return _sealed(bytes((kind,)) + message[1:2], message[4:])


def reply(message: bytes, *, now: int, mask: IPv4Address) -> bytes:
    """Answer a request of ``ANSWERS``, which must be as long as its kind asks.

    ``now`` is the time in milliseconds since midnight UT: both of receipt and of transmission.
    """
    body = message[4:]
    if message[0] == ICMP_TSTAMP:
        body = body[:8] + now.to_bytes(4, "big") * 2 + body[16:]
    elif message[0] == ICMP_MASKREQ:
        body = body[:4] + mask.packed + body[8:]
    return _sealed(bytes((ANSWERS[message[0]],)) + message[1:2], body)


def ident_seq(message: bytes) -> tuple[int, int]:
    """Read identifier and sequence number of an echo message."""
    _kind, _code, _sum, ident, seq = _HEADER.unpack_from(message)
    return ident, seq


def with_sequence(message: bytes, seq: int, data_head: bytes = b"") -> bytes:
    """Return an echo message another sequence number and other first data bytes, and a fresh checksum."""
    data = data_head + message[HEADER_LEN + len(data_head) :]
    return _sealed(message[:2], message[4:6] + seq.to_bytes(2, "big") + data)


def error(template: bytes, quoted: bytes, gateway: bytes = b"") -> bytes:
    """Fill in the header of an error about the packet that ``quoted`` is the beginning of.

    ``gateway`` is the address that a redirect points to, four bytes; no other error has one.
    """
    return _sealed(template[:2], (gateway or template[4:HEADER_LEN]) + quoted)


def _sealed(head: bytes, rest: bytes) -> bytes:
    return head + checksum(head + b"\0\0" + rest).to_bytes(2, "big") + rest


@lru_cache(maxsize=32)
def describe(message: bytes) -> str:
    """Say in words what the message is; its first eight bytes will do."""
    if len(message) < HEADER_LEN:
        return "ICMP cut short"
    ident, seq = ident_seq(message)
    kind = NAMES.get(message[0])
    if kind:
        return f"{kind} id 0x{ident:04x} seq {seq}"
    return ERROR_NAMES.get((message[0], message[1])) or f"ICMP type {message[0]}"
