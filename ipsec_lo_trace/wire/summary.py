"""What a packet is, from its outside in: for the trace's ``wire`` field.  Never raises on bad bytes."""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace.model.sa import IPPROTO_AH, IPPROTO_ESP, IPPROTO_ICMP, IPPROTO_IPIP, PROTO_NAMES
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.icmp import describe

NAMES = PROTO_NAMES | {6: "tcp", 17: "udp"}
AH_MIN_LEN = 12
ESP_MIN_LEN = 8


class Inside(NamedTuple):
    """What the headers behind an IP header are: names, SPIs and numbers from the outside in."""

    proto: list[str]
    spi: list[int]
    seq: list[int]


def _walk(proto: int, data: bytes, at: int, inside: Inside) -> str:
    """Note the header that ``proto`` announces at ``data[at:]`` and those behind it; give the info."""
    # A loop, not a recursion: hostile bytes can nest thousands of headers.
    while True:
        inside.proto.append(NAMES.get(proto) or str(proto))
        if proto == IPPROTO_ICMP:
            return describe(data[at : at + 8])
        if proto == IPPROTO_ESP:
            return _numbers(data, at, inside, ESP_MIN_LEN)
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
                inside.proto.append(NAMES.get(proto) or str(proto))
                return ""
        else:
            return ""


def _numbers(data: bytes, at: int, inside: Inside, need: int) -> str:
    if len(data) < at + need:
        return "cut short"
    inside.spi.append(int.from_bytes(data[at : at + 4], "big"))
    inside.seq.append(int.from_bytes(data[at + 4 : at + 8], "big"))
    return ""


def summarise(packet: bytes) -> Packet:
    """Describe an IPv4 packet; of a fragment other than the first only its protocol is known."""
    inside = Inside([], [], [])
    try:
        header = ip.read(packet)
    except ip.WireError as error:
        return Packet([], [], [], "", "", len(packet), 0, 0, 0, more=False, info=str(error))
    offset = (header.off & ip.IP_OFFMASK) * 8
    info = ""
    if offset:
        inside.proto.append(NAMES.get(header.proto) or str(header.proto))
    else:
        info = _walk(header.proto, packet, header.header_len, inside)
    # In the order of the fields of Packet.
    return Packet(
        inside.proto,
        inside.spi,
        inside.seq,
        ip.src_text(packet),
        ip.dst_text(packet),
        len(packet),
        header.ident,
        header.ttl,
        offset,
        bool(header.off & ip.IP_MF),
        info,
    )
