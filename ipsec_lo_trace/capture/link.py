"""Link types, and the IP packet behind each one's header.

Source: the LINKTYPE_ list of tcpdump.org.
"""

from __future__ import annotations

from ipsec_lo_trace.capture.cooked import COOKED, SLL, SLL2
from ipsec_lo_trace.capture.ethertype import (
    EMPTY,
    ETHERTYPE_IP,
    ETHERTYPE_LEN,
    IPV4_VERSION,
    NOTHING,
    Decoder,
    behind_ethertype,
    ipv6,
)

NULL = 0
EN10MB = 1
RAW_BSD = 12
RAW_OPENBSD = 14
RAW = 101
LOOP = 108
IPV4 = 228
IPV6 = 229

_FAMILY_LEN = 4
_INET = (b"\2\0\0\0", b"\0\0\0\2")
_INET6_NUMBERS = (10, 24, 28, 30)
"""AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS."""
_ETHERNET_LEN = 14


def _null(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Take off an address family of four bytes, in the byte order of the host that wrote it."""
    family = data[start : start + _FAMILY_LEN]
    if stop - start < _FAMILY_LEN:
        return b"", NOTHING
    if family in _INET:
        return data[start + _FAMILY_LEN : stop], ""
    # A family is a small number: what is a large one in one byte order is small in the other.
    number = min(int.from_bytes(family, "little"), int.from_bytes(family, "big"))
    if number in _INET6_NUMBERS:
        return ipv6(data, start + _FAMILY_LEN, stop)
    return b"", f"address family {number}"


def _ethernet(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    behind = start + _ETHERNET_LEN
    if stop < behind:
        return b"", NOTHING
    kind = data[behind - ETHERTYPE_LEN : behind]
    if kind == ETHERTYPE_IP:
        return data[behind:stop], ""
    return behind_ethertype(data, kind, behind, stop)


def _raw(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Tell IP from anything else by the packet itself."""
    if stop > start and data[start] >> 4 == IPV4_VERSION:
        return data[start:stop], ""
    return ipv6(data, start, stop)


def _raw_or_loop(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    """Read link type 12, raw IP everywhere but on OpenBSD, which has an address family before it."""
    if stop - start >= _FAMILY_LEN and not data[start]:
        return _null(data, start, stop)
    return _raw(data, start, stop)


def _ipv4(data: bytes, start: int, stop: int) -> tuple[bytes, str]:
    return (data[start:stop], "") if stop > start else (b"", EMPTY)


_LINKS: dict[int, tuple[str, Decoder]] = {
    NULL: ("NULL", _null),
    EN10MB: ("EN10MB", _ethernet),
    RAW_BSD: ("RAW", _raw_or_loop),
    RAW_OPENBSD: ("RAW", _raw),
    RAW: ("RAW", _raw),
    LOOP: ("LOOP", _null),
    SLL: ("LINUX_SLL", COOKED[SLL]),
    IPV4: ("IPV4", _ipv4),
    IPV6: ("IPV6", ipv6),
    SLL2: ("LINUX_SLL2", COOKED[SLL2]),
}
_LOOPBACK = "capture with -i lo, or -i lo0"
_PKTAP = f"tcpdump -i pktap, and tcpdump of macOS without -i, write it; {_LOOPBACK}"
_WIRELESS = f"a wireless interface has it; {_LOOPBACK}"
_UNREAD = {
    9: ("PPP", f"a modem's or a tunnel's interface has it; {_LOOPBACK}"),
    105: ("IEEE802_11", _WIRELESS),
    109: ("ENC", f"enc0 shows packets with their IPsec taken off; {_LOOPBACK}"),
    117: ("PFLOG", f"pflog0 shows what pf logs; {_LOOPBACK}"),
    119: ("IEEE802_11_PRISM", _WIRELESS),
    127: ("IEEE802_11_RADIOTAP", _WIRELESS),
    149: ("PKTAP", _PKTAP),  # macOS has DLT_USER2 for it
    163: ("IEEE802_11_AVS", _WIRELESS),
    192: ("PPI", _WIRELESS),
    239: ("NFLOG", f"tcpdump -i nflog writes it; {_LOOPBACK}"),
    253: ("NETLINK", f"tcpdump -i nlmon0 writes it; {_LOOPBACK}"),
    258: ("PKTAP", _PKTAP),
}
"""What people have and nothing here reads: its name, and what to do instead."""


def decoder(link_type: int) -> Decoder | None:
    """Return what reads packets of a link type, None if nothing here does."""
    link = _LINKS.get(link_type)
    return link[1] if link else None


def link_name(link_type: int) -> str:
    """Name a link type, as in "EN10MB (1)" or "link type 147"."""
    link = _LINKS.get(link_type) or _UNREAD.get(link_type)
    return f"{link[0]} ({link_type})" if link else f"link type {link_type}"


def link_hint(link_type: int) -> str:
    """Say what to do about a link type that nothing here reads."""
    if link_type in _UNREAD:
        return _UNREAD[link_type][1]
    known = ", ".join(f"{name} {number}" for number, (name, _decoder) in _LINKS.items())
    return f"these are read: {known}"
