"""What a packet is, from its outside in: for the trace's ``wire`` field.  Never raises on bad bytes."""

from __future__ import annotations

import struct

import msgspec
from msgspec import structs

from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PROTO_NAMES,
)
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.wire import ip, ipcomp, tcp, udp
from ipsec_lo_trace.wire.icmp import describe

AH_MIN_LEN = 12
ESP_MIN_LEN = 8
SEALED = ("ah", "esp", "ipcomp")
"""The protocols whose headers have an SPI, or a CPI."""
WHOLE = ip.IP_MF | ip.IP_OFFMASK
"""The bits of ip_off that are clear in a packet that is no fragment."""
_NUMBERS = struct.Struct("!II")
_AH = bytes((IPPROTO_AH,))


class Inside(msgspec.Struct, gc=False):
    """What the headers behind an IP header are: names, SPIs and numbers from the outside in, and ports."""

    proto: list[str]
    spi: list[int]
    seq: list[int | None]
    ports: list[int]


NESTS = 16
"""Packets of AH in AH whose insides are kept, of 64 KiB each at the most."""
_nests: dict[bytes, tuple[Inside, str]] = {}
"""What is inside such packets, by their bytes from the outermost AH on; the newest last."""


def _nest(body: bytes) -> tuple[Inside, str]:
    """Describe AH in AH: what is inside, and the info.

    A packet in a loop gets one AH after another; what it was before is most often known, and is not walked
    through again, which would take longer every time.
    """
    found = _nests.pop(body, None) or _one_more(body)
    if found is None:
        inside = Inside([], [], [], [])
        found = inside, _walk(IPPROTO_AH, body, 0, inside)
    if len(_nests) >= NESTS:
        del _nests[next(iter(_nests))]
    _nests[body] = found
    return found


def _one_more(body: bytes) -> tuple[Inside, str] | None:
    """Put one AH in front of what is known; None if nothing is, or if that AH is cut short."""
    at = (body[1] + 2) * 4 if len(body) >= AH_MIN_LEN else 0
    known = _nests.get(body[at:]) if at >= AH_MIN_LEN else None
    if known is None:
        return None
    within, info = known
    spi, seq = _NUMBERS.unpack_from(body, 4)
    return Inside(["ah", *within.proto], [spi, *within.spi], [seq, *within.seq], within.ports), info


def _walk(proto: int, data: bytes, at: int, inside: Inside) -> str:
    """Note the header that ``proto`` announces at ``data[at:]`` and those behind it; give the info."""
    # A loop, not a recursion: hostile bytes can nest thousands of headers.
    while True:
        inside.proto.append(PROTO_NAMES.get(proto) or str(proto))
        if proto == IPPROTO_AH:
            info = _numbers(data, at + 4, inside, AH_MIN_LEN - 4)
            if info:
                return info
            proto, at = data[at], at + (data[at + 1] + 2) * 4
        elif proto == IPPROTO_IPIP:
            try:
                inner = ip.read(data[at:])
            except ip.WireError as error:
                return str(error)
            proto, at = inner.proto, at + inner.header_len
            if inner.off & ip.IP_OFFMASK:
                inside.proto.append(PROTO_NAMES.get(proto) or str(proto))
                return ""
        else:
            return _last(proto, data, at, inside)


def _last(proto: int, data: bytes, at: int, inside: Inside) -> str:
    """Note a header that nothing can be seen behind."""
    if proto == IPPROTO_ICMP:
        return describe(data[at : at + 8])
    if proto in (IPPROTO_TCP, IPPROTO_UDP):
        return _ports(proto, data[at : at + tcp.HEADER_LEN], inside)
    if proto == IPPROTO_ESP:
        return _numbers(data, at, inside, ESP_MIN_LEN)
    return _cpi(data, at, inside) if proto == IPPROTO_IPCOMP else ""


def _cpi(data: bytes, at: int, inside: Inside) -> str:
    if len(data) < at + ipcomp.HEADER_LEN:
        return "cut short"
    inside.spi.append(ipcomp.read(data, at).cpi)
    inside.seq.append(0)
    return ""


def _ports(proto: int, head: bytes, inside: Inside) -> str:
    if len(head) >= udp.HEADER_LEN:
        inside.ports.extend(ip.ports(head, 0))
    return tcp.describe(head) if proto == IPPROTO_TCP else udp.describe(head)


def _numbers(data: bytes, at: int, inside: Inside, need: int) -> str:
    if len(data) < at + need:
        return "cut short"
    spi, seq = _NUMBERS.unpack_from(data, at)
    inside.spi.append(spi)
    inside.seq.append(seq)
    return ""


def summarise(packet: bytes) -> Packet:
    """Describe an IPv4 packet; of a fragment other than the first only its protocol is known."""
    try:
        header_len, ident, off, ttl, proto = ip.outline(packet)
    except ip.WireError as error:
        return Packet([], [], [], [], "", "", len(packet), 0, 0, 0, more=False, info=str(error))
    src, dst = ip.ends_text(packet)
    # Most packets are ICMP or ESP, with nothing to be seen behind: for them straight to the end, and by
    # position, in the order of the fields of Packet.
    if proto == IPPROTO_ICMP and not off & WHOLE:
        info = describe(packet[header_len : header_len + 8])
        return Packet(["icmp"], [], [], [], src, dst, len(packet), ident, ttl, 0, False, info)  # noqa: FBT003
    if proto == IPPROTO_ESP and not off & WHOLE and len(packet) >= header_len + ESP_MIN_LEN:
        spi, seq = _NUMBERS.unpack_from(packet, header_len)
        return Packet(["esp"], [spi], [seq], [], src, dst, len(packet), ident, ttl, 0, False, "")  # noqa: FBT003
    inside = Inside([], [], [], [])
    offset = (off & ip.IP_OFFMASK) * 8
    info = ""
    if offset:
        inside.proto.append(PROTO_NAMES.get(proto) or str(proto))
    elif proto == IPPROTO_AH and packet[header_len : header_len + 1] == _AH:
        inside, info = _nest(packet[header_len:])
    else:
        info = _walk(proto, packet, header_len, inside)
    # In the order of the fields of Packet.
    return Packet(
        inside.proto,
        inside.spi,
        inside.seq,
        inside.ports,
        src,
        dst,
        len(packet),
        ident,
        ttl,
        offset,
        bool(off & ip.IP_MF),
        info,
    )


Unnumbered = frozenset[tuple[str, int]]
"""Protocols and SPIs of headers without a sequence number: the old forms of AH and ESP.  RFC 1826, 1827."""


def summarise_old(unnumbered: Unnumbered, packet: bytes) -> Packet:
    """Describe an IPv4 packet as ``summarise`` does, where some SAs are of the old forms."""
    seen = summarise(packet)
    if not seen.spi:
        return seen
    names = [name for name in seen.proto if name in SEALED]
    headers = zip(names, seen.spi, seen.seq, strict=False)
    seq = [None if (name, spi) in unnumbered else number for name, spi, number in headers]
    return structs.replace(seen, seq=seq)
