"""Are UDP datagrams and TCP segments what scapy says they are?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.packet import Raw

from ipsec_lo_trace.model.proto import IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.wire import build, tcp, udp
from ipsec_lo_trace.wire.summary import summarise
from tests import handmade
from tests.support import A, B

PORTS = st.integers(0, 0xFFFF)
NUMBERS = st.integers(0, 0xFFFFFFFF)


@given(PORTS, PORTS, st.binary(max_size=200))
def test_a_datagram_is_scapy_s(sport: int, dport: int, data: bytes) -> None:
    """A datagram has the bytes that scapy gives it, checksum included, and is found right."""
    header = handmade.fresh(IPPROTO_UDP, A, B, ttl=64)
    packet = udp.packet(build.ip_header(IPPROTO_UDP, A, B, ttl=64), build.udp_header(sport, dport), data)
    datagram = packet[20:]
    assert packet == handmade.write(header, handmade.udp(header, sport, dport, data))
    built = IP(src=str(A), dst=str(B))
    built.add_payload(UDP(sport=sport, dport=dport))
    built.add_payload(Raw(data))
    assert datagram == bytes(built)[20:]
    assert udp.checksum_ok(header, datagram)


@given(PORTS, PORTS, NUMBERS, NUMBERS, st.integers(0, 0xFFFF), st.integers(0, 0x3F))
def test_a_segment_is_scapy_s(sport: int, dport: int, seq: int, ack: int, win: int, flags: int) -> None:
    """A segment has the bytes that scapy gives it, options and checksum included, and is read back."""
    header = handmade.fresh(IPPROTO_TCP, A, B, ttl=64)
    th = tcp.TcpHeader(sport, dport, seq, ack, flags, win, handmade.syn_options(1460))
    template = build.tcp_header(sport, dport, flags, win, mss=1460)
    packet = tcp.packet(build.ip_header(IPPROTO_TCP, A, B, ttl=64), template, seq=seq, ack=ack)
    segment = packet[20:]
    assert packet == handmade.write(header, handmade.tcp(header, th))
    options = [
        ("MSS", 1460),
        ("NOP", None),
        ("WScale", 0),
        ("NOP", None),
        ("NOP", None),
        ("Timestamp", (0, 0)),
    ]
    layer = TCP(sport=sport, dport=dport, seq=seq, ack=ack, flags=flags, window=win, options=options)
    built = IP(src=str(A), dst=str(B))
    built.add_payload(layer)
    assert segment == bytes(built)[20:]
    assert tcp.checksum_ok(header, segment)
    assert tcp.read(segment) == th


@given(st.binary(max_size=60), st.sampled_from([IPPROTO_TCP, IPPROTO_UDP]))
def test_any_bytes_can_be_described(data: bytes, proto: int) -> None:
    """Whatever stands where a TCP or UDP header should, the summary says something and never raises."""
    packet = summarise(handmade.write(handmade.fresh(proto, A, B, ttl=64), data))
    assert packet.info
    assert len(packet.ports) == (2 if len(data) >= udp.HEADER_LEN else 0)


def test_a_flipped_bit_is_found() -> None:
    """A datagram or a segment that was altered has a wrong checksum; a datagram without one passes."""
    header = handmade.fresh(IPPROTO_UDP, A, B, ttl=64)
    datagram = handmade.udp(header, 1, 2, b"data")
    assert not udp.checksum_ok(header, datagram[:-1] + b"x")
    assert udp.checksum_ok(header, datagram[:6] + b"\0\0" + datagram[8:-1] + b"x")
    segment = handmade.tcp(header, tcp.TcpHeader(1, 2, 3, 4, tcp.TH_ACK))
    assert not tcp.checksum_ok(header, segment[:-1] + b"x")
