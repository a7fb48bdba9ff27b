"""IP packets of either version as bytes: where their upper layer begins and what it is.

RFC 791; RFC 8200 with its extension headers, which are passed over.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address

import msgspec

from ipsec_lo_trace.model.proto import IPPROTO_IPIP, IPPROTO_IPV6
from ipsec_lo_trace.wire import ip

V6_HEADER_LEN = 40
IPV6_VERSION = 6
HOPOPTS, ROUTING, FRAGMENT, DSTOPTS, MOBILITY = 0, 43, 44, 60, 135
FRAGMENT_LEN = 8
_PASSED = frozenset({HOPOPTS, ROUTING, DSTOPTS, MOBILITY})
CHAINED = _PASSED | {FRAGMENT}
"""Extension headers of IPv6."""
_MAX_EXTENSIONS = 16
"""Extension headers that are passed over; hostile bytes could chain thousands."""
_MORE = 1
_OFFSET_MASK = 0xFFF8
INSIDE = {ip.IPVERSION: IPPROTO_IPIP, IPV6_VERSION: IPPROTO_IPV6}
"""The protocol number of a tunnelled packet, by its version."""


_FRAGMENT_BITS = 0x3F
"""The bits of an IPv4 header's byte 6 that only a fragment has: more to come, and its offset."""
_USUAL = b"\x45"
"""How an IPv4 header without options begins."""


class Layer(msgspec.Struct, gc=False):
    """An IP header with the extension headers behind it; places and lengths in bytes.

    ``ends`` are source and destination as they stand there, 8 or 32 bytes.  ``proto`` is the upper protocol,
    or what a fragment carries, ``at`` where it begins, and ``named_at`` the byte that names it.  ``head_len``
    is ``at`` without a fragment header.  ``key`` is what all fragments of a packet have in common, b"" if
    this is none; ``offset`` and ``more`` are a fragment's.  ``dst`` is the destination, ``back`` the ends
    of an answer.
    """

    ends: bytes
    proto: int
    at: int
    named_at: int
    head_len: int
    key: bytes = b""
    offset: int = 0
    more: bool = False
    dst: bytes = b""
    back: bytes = b""

    def __post_init__(self) -> None:
        """Keep what every packet is asked for."""
        half = len(self.ends) // 2
        self.dst = self.ends[half:]
        self.back = self.dst + self.ends[:half]


def version(packet: bytes) -> int:
    """Read the IP version; 0 of no bytes."""
    return packet[0] >> 4 if packet else 0


def whole_len(data: bytes) -> int:
    """Find the length in bytes of the IP packet that ``data`` begins with; 0 if it is not there whole."""
    return 0 if not data or fault(data) else total_len(data)


def usual(data: bytes) -> Layer | None:
    """Find the upper layer of what most packets are: IPv4, no options, whole, nothing behind; else None."""
    if data[:1] == _USUAL and len(data) >= ip.HEADER_LEN and data[2] << 8 | data[3] == len(data):
        return None if data[6] & _FRAGMENT_BITS or data[7] else _whole4(ip.HEADER_LEN, data[9], data[12:20])
    return None


def total_len(packet: bytes) -> int:
    """Read the packet's length in bytes, as its header has it; the header is there."""
    if packet[0] >> 4 == ip.IPVERSION:
        return packet[2] << 8 | packet[3]
    return V6_HEADER_LEN + (packet[4] << 8 | packet[5])


def fault(packet: bytes) -> bool:
    """Tell whether the lengths in an IP header are wrong, or more than the packet has."""
    if version(packet) == ip.IPVERSION:
        return ip.fault(packet)
    return version(packet) != IPV6_VERSION or not V6_HEADER_LEN <= len(packet) >= total_len(packet)


def look(packet: bytes) -> Layer:
    """Find the upper layer of a packet whose lengths were checked; WireError if its headers are not whole."""
    first = packet[0]
    if first >> 4 != ip.IPVERSION:
        return _look6(packet)
    off = packet[6] << 8 | packet[7]
    if not off & (ip.IP_MF | ip.IP_OFFMASK):
        return _whole4((first & 0xF) * 4, packet[9], packet[12:20])
    at, offset, more = (first & 0xF) * 4, (off & ip.IP_OFFMASK) * 8, bool(off & ip.IP_MF)
    return Layer(packet[12:20], packet[9], at, 9, at, ip.fragment_key(packet), offset, more)


@lru_cache(maxsize=4096)
def _whole4(at: int, proto: int, ends: bytes) -> Layer:
    return Layer(ends, proto, at, 9, at)


def quoted(head: bytes) -> Layer:
    """Find the upper layer of the beginning of a packet, as ICMP errors quote it; WireError if too short."""
    if version(head) not in INSIDE or len(head) < (
        ip.HEADER_LEN if version(head) == ip.IPVERSION else V6_HEADER_LEN
    ):
        raise ip.WireError("not even a header is quoted")
    return look(head)


def _look6(packet: bytes) -> Layer:
    ends, proto, at, named_at = packet[8:40], packet[6], V6_HEADER_LEN, 6
    for _extension in range(_MAX_EXTENSIONS):
        if proto == FRAGMENT:
            layer = _fragment(packet, ends, at, named_at)
            if layer is not None:
                return layer
            proto, named_at, at = packet[at], at, at + FRAGMENT_LEN
        elif proto in _PASSED:
            length = extension_len(packet, at)
            proto, named_at, at = packet[at], at, at + length
        else:
            return Layer(ends, proto, at, named_at, at)
    raise ip.WireError("too many extension headers")


def extension_len(packet: bytes, at: int) -> int:
    """Read an extension header's length in bytes; WireError if it is not whole.  RFC 8200 section 4.2."""
    if len(packet) < at + 2 or len(packet) < (end := at + (packet[at + 1] + 1) * 8):
        raise ip.WireError("an extension header is not whole")
    return end - at


def _fragment(packet: bytes, ends: bytes, at: int, named_at: int) -> Layer | None:
    """Read a fragment header; None for one around a whole packet.  RFC 8200 section 4.5; RFC 6946."""
    behind = at + FRAGMENT_LEN
    if len(packet) < behind:
        raise ip.WireError("a fragment header is not whole")
    off = packet[at + 2] << 8 | packet[at + 3]
    if not off & (_OFFSET_MASK | _MORE):
        return None
    key = ends + packet[at : at + 1] + packet[at + 4 : behind]
    return Layer(ends, packet[at], behind, named_at, at, key, off & _OFFSET_MASK, bool(off & _MORE))


def rebuilt(packet: bytes, layer: Layer, proto: int, payload: bytes) -> bytes:
    """Put another payload behind the header, length and protocol right; IPv4's checksum stays as it was."""
    head = bytearray(packet[: layer.head_len])
    head[layer.named_at] = proto
    length = layer.head_len + len(payload)
    if packet[0] >> 4 == ip.IPVERSION:
        head[2:4] = (length & 0xFFFF).to_bytes(2, "big")
    else:
        head[4:6] = (length - V6_HEADER_LEN & 0xFFFF).to_bytes(2, "big")
    return bytes(head) + payload


def defragmented(packet: bytes, layer: Layer, payload: bytes) -> bytes:
    """Put the whole payload behind a first fragment's header, and take out that it was one."""
    whole = rebuilt(packet, layer, layer.proto, payload)
    return whole if packet[0] >> 4 != ip.IPVERSION else whole[:6] + b"\0\0" + whole[8:]


def class_of(packet: bytes) -> int:
    """Read TOS, or the traffic class of IPv6: DSCP in the upper six bits, ECN in the lower two."""
    if packet[0] >> 4 == ip.IPVERSION:
        return packet[1]
    return (packet[0] & 0xF) << 4 | packet[1] >> 4


def with_class(packet: bytes, value: int) -> bytes:
    """Give a packet another TOS or traffic class, and IPv4 its checksum."""
    if packet[0] >> 4 == ip.IPVERSION:
        return ip.patch(packet[:1] + bytes((value,)) + packet[2:])
    first = bytes((packet[0] & 0xF0 | value >> 4, (value & 0xF) << 4 | packet[1] & 0xF))
    return first + packet[2:]


@lru_cache(maxsize=4096)
def address_text(raw: bytes) -> str:
    """Show an address of 4 or 16 bytes."""
    return str(ip.address(raw)) if len(raw) == 4 else str(IPv6Address(raw))  # noqa: PLR2004 -- an IPv4 address
