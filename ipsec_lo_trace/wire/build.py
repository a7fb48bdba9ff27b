"""Headers that scapy builds: every one that a stage or a program creates; scapy is imported here only.

A header is built once for an SA, a flow or a kind, and kept: its *template*.  What differs from packet to
packet (length, identification, sequence number, IV, checksum, ICV) is zero in it and is filled in by the
module of its protocol, as the kernel fills its own.  The caches are keyed on configuration, never on packets.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address

from scapy.config import conf

# The layers would ask the host for its routes and interfaces; nothing here depends on the host.
conf.route_autoload = False
conf.route6_autoload = False

from scapy.data import IP_PROTOS  # noqa: E402 -- after the host's routes are switched off
from scapy.fields import ByteEnumField, XByteField, XShortField  # noqa: E402
from scapy.layers.inet import (  # noqa: E402
    ICMP,
    IP,
    TCP,
    UDP,
    IPOption_LSRR,
    IPOption_NOP,
    IPOption_RR,
    IPOption_SSRR,
    IPOption_Timestamp,
)
from scapy.layers.ipsec import AH, ESP, _ESPPlain  # noqa: E402
from scapy.packet import Packet, Raw, bind_layers  # noqa: E402

from ipsec_lo_trace.model.proto import (  # noqa: E402
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    IPPROTO_TCP,
    IPPROTO_UDP,
)

IPOPT_RR = 7
IPOPT_TS = 68
IPOPT_SECURITY = 130
IPOPT_LSRR = 131
IPOPT_SSRR = 137
TS_TSONLY = 0
TS_TSANDADDR = 1
TS_PRESPEC = 3
NOWHERE = "0.0.0.0"  # noqa: S104 -- an empty slot
RR_SLOTS = 9
"""The addresses that fit into the 40 bytes of IP options."""
TS_SLOTS = 4
"""The addresses with a time that fit there."""
TS_SLOT_LEN = 8
TS_FIRST_POINTER = 5
ROUTES = {IPOPT_LSRR: IPOption_LSRR, IPOPT_SSRR: IPOption_SSRR}
"""Loose and strict source route."""
TEMPLATES = 1024
"""How many templates of a kind are kept."""


class IPComp(Packet):
    """IPComp, which scapy lacks.  RFC 3173 section 3.1."""

    name = "IPComp"
    fields_desc = [ByteEnumField("nh", 0, IP_PROTOS), XByteField("flags", 0), XShortField("cpi", 0)]  # noqa: RUF012 -- as scapy has it


UPPER: dict[int, type[Packet]] = {
    IPPROTO_ICMP: ICMP,
    IPPROTO_IPIP: IP,
    IPPROTO_TCP: TCP,
    IPPROTO_UDP: UDP,
    IPPROTO_ESP: ESP,
    IPPROTO_AH: AH,
    IPPROTO_IPCOMP: IPComp,
}
"""The layer of each protocol that an IP, AH or ESP header can announce."""
bind_layers(IP, IPComp, proto=IPPROTO_IPCOMP)
for _number, _layer in UPPER.items():
    bind_layers(AH, _layer, nh=_number)


def mint(layer: Packet) -> bytes:
    """Turn a layer into bytes: the one door by which headers leave scapy."""
    return bytes(layer)


@lru_cache(maxsize=TEMPLATES)
def ip_header(proto: int, src: IPv4Address, dst: IPv4Address, *, ttl: int, off: int = 0) -> bytes:
    """Build an IP header; ``off`` is ip_off.  TOS, length, identification and checksum are 0.  RFC 791."""
    header = IP(src=str(src), dst=str(dst), proto=proto, ttl=ttl, flags=off >> 13, frag=off & 0x1FFF)
    header.ihl, header.len, header.id, header.chksum = 5, 0, 0, 0
    return mint(header)


@lru_cache(maxsize=TEMPLATES)
def udp_header(sport: int, dport: int) -> bytes:
    """Build a UDP header; length and checksum are 0.  RFC 768."""
    return mint(UDP(sport=sport, dport=dport, len=0, chksum=0))


@lru_cache(maxsize=TEMPLATES)
def tcp_header(sport: int, dport: int, flags: int, win: int, *, mss: int = 0) -> bytes:
    """Build a TCP header with a timestamp option; a SYN's ``mss`` (bytes) brings its other options too.

    Sequence number, acknowledgement and checksum are 0.  RFC 793; options RFC 1323, appendix A.
    """
    opening = [("MSS", mss), ("NOP", None), ("WScale", 0)] if mss else []
    options = [*opening, ("NOP", None), ("NOP", None), ("Timestamp", (0, 0))]
    return mint(TCP(sport=sport, dport=dport, flags=flags, window=win, options=options, chksum=0))


@lru_cache(maxsize=16)
def echo_request(*, ident: int, seq: int, data: bytes) -> bytes:
    """Build an ICMP echo request; ``data`` in bytes.  RFC 792."""
    message = ICMP(type="echo-request", id=ident, seq=seq)
    message.add_payload(Raw(data))
    return mint(message)


@lru_cache(maxsize=16)
def timestamp_request(ident: int) -> bytes:
    """Build an ICMP timestamp request; its number, and its time of sending, are 0.  RFC 792."""
    return mint(ICMP(type="timestamp-request", id=ident, seq=0, ts_ori=0, ts_rx=0, ts_tx=0))


@lru_cache(maxsize=16)
def mask_request(ident: int) -> bytes:
    """Build an ICMP address mask request; its number is 0.  RFC 950."""
    return mint(ICMP(type="address-mask-request", id=ident, seq=0, addr_mask=NOWHERE))


@lru_cache(maxsize=TEMPLATES)
def icmp_error(kind: int, code: int) -> bytes:
    """Build the header of an ICMP error; its checksum, and a redirect's gateway, are 0.  RFC 792."""
    return mint(ICMP(type=kind, code=code, chksum=0, gw=NOWHERE))


@lru_cache(maxsize=TEMPLATES)
def esp_header(spi: int) -> bytes:
    """Build an ESP header, SPI and a sequence number of 0.  RFC 2406 section 2."""
    return mint(ESP(spi=spi, seq=0))


@lru_cache(maxsize=TEMPLATES)
def esp_trailer(pad_len: int, next_header: int) -> bytes:
    """Build an ESP trailer with ``pad_len`` zeros as padding.  RFC 2406 section 2."""
    trailer = _ESPPlain(padding=bytes(pad_len), padlen=pad_len, nh=next_header)
    return mint(trailer)[len(esp_header(0)) :]


@lru_cache(maxsize=TEMPLATES)
def ah_header(spi: int, header_len: int, icv_len: int) -> bytes:
    """Build an AH header that says it has ``header_len`` bytes; next header, number and ICV are 0.

    RFC 2402 section 2.
    """
    return mint(AH(nh=0, payloadlen=header_len // 4 - 2, reserved=0, spi=spi, seq=0, icv=bytes(icv_len)))


@lru_cache(maxsize=TEMPLATES)
def ipcomp_header(next_header: int, cpi: int) -> bytes:
    """Build an IPComp header; ``cpi`` has 16 bits.  RFC 3173 section 3.1."""
    return mint(IPComp(nh=next_header, cpi=cpi))


@lru_cache(maxsize=1)
def record_route_option() -> bytes:
    """Build the record route option that ping -R sends, padded to 40 bytes.  RFC 791 section 3.1."""
    option = mint(IPOption_RR(routers=[NOWHERE] * RR_SLOTS, pointer=4))
    return option + bytes(-len(option) % 4)


def source_route(template: bytes, *hops: bytes) -> bytes:
    """Fill the addresses of a source route in, four bytes each, of which the last is the destination."""
    route = b"".join(hops)
    return template[: -len(route)] + route


@lru_cache(maxsize=1)
def timestamp_option() -> bytes:
    """Build the option that asks each host for its address and the time, in 36 bytes.  RFC 781."""
    length = 4 + TS_SLOTS * TS_SLOT_LEN
    option = mint(IPOption_Timestamp(length=length, pointer=TS_FIRST_POINTER, flg=TS_TSANDADDR))
    return option + bytes(length - len(option))


@lru_cache(maxsize=16)
def source_route_option(kind: int, hops: int) -> bytes:
    """Build a source route with empty hops, behind the NOP that aligns it.  RFC 791 section 3.1."""
    return mint(IPOption_NOP()) + mint(ROUTES[kind](routers=[NOWHERE] * hops, pointer=4))
