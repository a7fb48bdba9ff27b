"""The IP packet behind an EtherType, and how IPv6 is told.  IEEE 802.3 and 802.1Q."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Decoder: TypeAlias = Callable[[bytes, int, int], "tuple[bytes, str]"]
"""Take the packet between two places of a buffer; give its IP bytes, or none and what it is instead."""

NOTHING = "no link header"
EMPTY = "no bytes"
ETHERTYPE_LEN = 2
ETHERTYPE_IP = b"\x08\x00"
IPV4_VERSION = 4
_ETHERTYPE_IPV6 = b"\x86\xdd"
_IPV6_VERSION = 6
_TAGS = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
_TAG_LEN = 4
_NAMES = {0x0806: "ARP", 0x8035: "RARP", 0x8847: "MPLS", 0x8864: "PPPoE"}
_MIN_ETHERTYPE = 0x0600


def behind_ethertype(data: bytes, kind: bytes, behind: int, stop: int) -> tuple[bytes, str]:
    """Take off any 802.1Q tags; ``kind`` is the EtherType that stood before ``behind``."""
    while kind in _TAGS and stop >= behind + _TAG_LEN:
        behind += _TAG_LEN
        kind = data[behind - ETHERTYPE_LEN : behind]
    if kind == ETHERTYPE_IP:
        return data[behind:stop], ""
    if kind == _ETHERTYPE_IPV6:
        return ipv6(data, behind, stop)
    return b"", _named(int.from_bytes(kind, "big"))


def _named(number: int) -> str:
    if number < _MIN_ETHERTYPE:
        return "IEEE 802.3"
    return _NAMES.get(number) or f"EtherType 0x{number:04x}"


def ipv6(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take what should be IPv6: only its version tells it from IPv4 later."""
    if stop <= start:
        return b"", EMPTY
    version = data[start] >> 4
    return (data[start:stop], "") if version == _IPV6_VERSION else (b"", f"IP version {version}")
