"""Link types, and the IP packet behind each one's header.

Source: the LINKTYPE_ list of tcpdump.org; IEEE 802.3 and 802.1Q for Ethernet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Decoder: TypeAlias = Callable[[bytes, int, int], "tuple[bytes, str]"]
"""Take the packet between two places of a buffer; give its IP bytes, or none and what it is instead."""

NULL = 0
EN10MB = 1
RAW_BSD = 12
RAW_OPENBSD = 14
RAW = 101
LOOP = 108
IPV4 = 228
IPV6 = 229

_NOTHING = "no link header"
_EMPTY = "no bytes"
_FAMILY_LEN = 4
_INET = (b"\2\0\0\0", b"\0\0\0\2")
_INET6_NUMBERS = (10, 24, 28, 30)
"""AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS."""
_IPV4_VERSION = 4
_IPV6_VERSION = 6
_ETHERNET_LEN = 14
_TYPE_LEN = 2
_TAG_LEN = 4
_ETHERTYPE_IP = b"\x08\x00"
_ETHERTYPE_IPV6 = b"\x86\xdd"
_TAGS = (b"\x81\x00", b"\x88\xa8", b"\x91\x00")
_ETHERTYPES = {0x0806: "ARP", 0x8035: "RARP", 0x8847: "MPLS", 0x8864: "PPPoE"}
_MIN_ETHERTYPE = 0x0600


def _null(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take off an address family of four bytes, in the byte order of the host that wrote it."""
    family = data[start : start + _FAMILY_LEN]
    if stop - start < _FAMILY_LEN:
        return b"", _NOTHING
    if family in _INET:
        return data[start + _FAMILY_LEN : stop], ""
    # A family is a small number: what is a large one in one byte order is small in the other.
    number = min(int.from_bytes(family, "little"), int.from_bytes(family, "big"))
    if number in _INET6_NUMBERS:
        return _ipv6(data, start + _FAMILY_LEN, stop)
    return b"", f"address family {number}"


def _ethernet(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    behind = start + _ETHERNET_LEN
    if stop < behind:
        return b"", _NOTHING
    kind = data[behind - _TYPE_LEN : behind]
    if kind == _ETHERTYPE_IP:
        return data[behind:stop], ""
    while kind in _TAGS and stop >= behind + _TAG_LEN:
        behind += _TAG_LEN
        kind = data[behind - _TYPE_LEN : behind]
    if kind == _ETHERTYPE_IP:
        return data[behind:stop], ""
    if kind == _ETHERTYPE_IPV6:
        return _ipv6(data, behind, stop)
    return b"", _ethertype(int.from_bytes(kind, "big"))


def _ethertype(number: int) -> str:
    if number < _MIN_ETHERTYPE:
        return "IEEE 802.3"
    return _ETHERTYPES.get(number) or f"EtherType 0x{number:04x}"


def _raw(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Tell IP from anything else by the packet itself."""
    if stop > start and data[start] >> 4 == _IPV4_VERSION:
        return data[start:stop], ""
    return _ipv6(data, start, stop)


def _ipv6(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take what should be IPv6: only its version tells it from IPv4 later."""
    if stop <= start:
        return b"", _EMPTY
    version = data[start] >> 4
    return (data[start:stop], "") if version == _IPV6_VERSION else (b"", f"IP version {version}")


def _raw_or_loop(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Read link type 12, raw IP everywhere but on OpenBSD, which has an address family before it."""
    if stop - start >= _FAMILY_LEN and not data[start]:
        return _null(data, start, stop)
    return _raw(data, start, stop)


def _ipv4(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    return (data[start:stop], "") if stop > start else (b"", _EMPTY)


_LINKS: dict[int, tuple[str, Decoder]] = {
    NULL: ("NULL", _null),
    EN10MB: ("EN10MB", _ethernet),
    RAW_BSD: ("RAW", _raw_or_loop),
    RAW_OPENBSD: ("RAW", _raw),
    RAW: ("RAW", _raw),
    LOOP: ("LOOP", _null),
    IPV4: ("IPV4", _ipv4),
    IPV6: ("IPV6", _ipv6),
}
_LINUX_ANY = (113, 276)


def decoder(link_type: int) -> Decoder | None:
    """Return what reads packets of a link type, None if nothing here does."""
    link = _LINKS.get(link_type)
    return link[1] if link else None


def link_name(link_type: int) -> str:
    """Name a link type, as in "EN10MB (1)" or "link type 127"."""
    link = _LINKS.get(link_type)
    return f"{link[0]} ({link_type})" if link else f"link type {link_type}"


def link_hint(link_type: int) -> str:
    """Say what to do about a link type that nothing here reads."""
    if link_type in _LINUX_ANY:
        return "tcpdump -i any writes it; capture with -i lo, or -i lo0"
    known = ", ".join(f"{name} {number}" for number, (name, _decoder) in _LINKS.items())
    return f"these are read: {known}"
