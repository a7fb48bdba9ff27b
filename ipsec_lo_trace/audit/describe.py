"""An audit's records: what a packet, an SA or a policy is, in words and numbers for whoever reads them."""

from __future__ import annotations

import struct
from functools import lru_cache

from ipsec_lo_trace.audit.judgement import Judged
from ipsec_lo_trace.audit.opening import in_udp
from ipsec_lo_trace.model.audit import AuditPacket, AuditPolicy, AuditSa
from ipsec_lo_trace.model.host import Cut, HostPolicy, HostRule, HostSa
from ipsec_lo_trace.model.operands import RequestRecord
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMPV6,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PROTO_NAMES,
)
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.wire import icmp6, ip, network, tcp, udp
from ipsec_lo_trace.wire.network import Layer
from ipsec_lo_trace.wire.summary import summarise

NO_PACKET = Packet([], [], [], [], "", "", 0, 0, 0, 0, more=False, info="")
_NUMBERS = struct.Struct("!II")
_NUMBERS_AT = {IPPROTO_ESP: 0, IPPROTO_AH: 4}
"""Where SPI and sequence number are in a header, in bytes."""


def described(judged: Judged) -> AuditPacket:
    """Make the record of a packet."""
    inside = judged.inside
    return AuditPacket(
        judged.number,
        judged.time_ns,
        seen(judged.wire) if judged.wire else NO_PACKET,
        None if inside is None else seen(inside.inside),
        judged.asked,
        judged.got,
        judged.answers,
        judged.codes,
        judged.text,
    )


def seen(packet: bytes) -> Packet:
    """Describe a packet of either IP version, from its outside in."""
    if network.version(packet) == ip.IPVERSION and packet[9:10] != bytes((IPPROTO_UDP,)):
        return summarise(packet)
    try:
        layer = network.quoted(packet)
    except ip.WireError as error:
        return Packet([], [], [], [], "", "", len(packet), 0, 0, 0, more=False, info=str(error))
    if in_udp(packet, layer):
        return _packet(packet, layer, ["udp", "esp"], layer.at + udp.HEADER_LEN, "")
    if network.version(packet) == ip.IPVERSION:
        return summarise(packet)
    name = PROTO_NAMES.get(layer.proto) or str(layer.proto)
    at = layer.at + _NUMBERS_AT.get(layer.proto, -1)
    return _packet(packet, layer, [name], at if layer.proto in _NUMBERS_AT else None, _info(packet, layer))


def _packet(packet: bytes, layer: Layer, names: list[str], numbers_at: int | None, info: str) -> Packet:
    spi: list[int] = []
    seq: list[int | None] = []
    ports: list[int] = []
    if not layer.offset:
        if numbers_at is not None and len(packet) >= numbers_at + _NUMBERS.size:
            one, two = _NUMBERS.unpack_from(packet, numbers_at)
            spi, seq = [one], [two]
        if layer.proto in (IPPROTO_TCP, IPPROTO_UDP):
            ports = list(ip.ports(packet, layer.at))
    fixed = network.version(packet) == ip.IPVERSION
    return Packet(
        names,
        spi,
        seq,
        ports,
        network.address_text(layer.back[len(layer.dst) :]),
        network.address_text(layer.dst),
        len(packet),
        int.from_bytes(packet[4:6], "big") if fixed else 0,
        packet[8] if fixed else packet[7],
        layer.offset,
        layer.more,
        info,
    )


def _info(packet: bytes, layer: Layer) -> str:
    """Say what an IPv6 packet carries."""
    if layer.offset:
        return ""
    head = packet[layer.at : layer.at + tcp.HEADER_LEN]
    if layer.proto == IPPROTO_ICMPV6:
        return icmp6.describe(head[: icmp6.HEADER_LEN])
    if layer.proto == IPPROTO_TCP:
        return tcp.describe(head)
    return udp.describe(head) if layer.proto == IPPROTO_UDP else ""


def sa_record(sa: HostSa) -> AuditSa:
    """Describe an SA, without its keys."""
    return AuditSa(
        proto=PROTO_NAMES[sa.proto],
        spi=sa.spi,
        src=str(sa.src),
        dst=str(sa.dst),
        mode=sa.mode,
        reqid=sa.reqid,
        cipher=sa.cipher,
        auths=tuple(map(cut_text, sa.cuts)),
        extended=sa.seq_hi is not None,
        opaque=sa.opaque,
    )


@lru_cache(maxsize=256)
def cut_text(cut: Cut) -> str:
    """Name a way to authenticate, as in "hmac-sha1-96"; bits alone where it is the cipher's own."""
    bits = 8 * cut.icv_len
    if not cut.auth:
        return f"{bits} bits"
    return cut.auth if cut.auth.endswith(f"-{bits}") else f"{cut.auth}-{bits}"


def policy_record(policy: HostPolicy) -> AuditPolicy:
    """Describe a policy."""
    return AuditPolicy(
        dir=policy.direction,
        src=str(policy.src or ""),
        dst=str(policy.dst or ""),
        src_port=policy.src_port,
        dst_port=policy.dst_port,
        upper=policy.upper,
        type=policy.kind,
        requests=tuple(map(_request, policy.rules)),
        condition=policy.condition,
    )


def _request(rule: HostRule) -> RequestRecord:
    ends = str(rule.src or ""), str(rule.dst or "")
    return RequestRecord(PROTO_NAMES[rule.proto], rule.mode, *ends, rule.level, rule.reqid)
