from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import build, icmp, ip, summary
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform
from ipsec_lo_trace.wire.summary import summarise
from tests import handmade

A, B = IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2")
REQUEST = build.echo_request(ident=0x4C4F, seq=1, data=bytes(56))
ESP = EspTransform("rijndael-cbc", bytes(16), "hmac-sha1", bytes(20))
AH = AhTransform("hmac-md5", bytes(16))


def packet(proto: int, payload: bytes, *, off: int = 0, options: bytes = b"") -> bytes:
    """Make an IPv4 packet from A to B."""
    return handmade.write(ip.IpHeader(0, 0, 0, 5, off, 64, proto, 0, A, B, options), payload)


def sealed(payload: bytes, next_header: int) -> bytes:
    """Make the ESP packet with SPI 0x1001 and number 3."""
    padding = bytes(range(1, ESP.padding_len(len(payload)) - 1))
    return ESP.seal(
        spi=0x1001, seq=3, iv=bytes(16), next_header=next_header, payload=payload, padding=padding
    )


def test_an_echo_request_is_told_in_words() -> None:
    """A clear request shows its ends, length, identification, TTL, identifier and number."""
    seen = summarise(packet(1, REQUEST))
    assert (seen.proto, seen.spi, seen.seq) == (["icmp"], [], [])
    assert (seen.src, seen.dst, seen.len, seen.ident, seen.ttl) == ("10.9.9.1", "10.9.9.2", 84, 5, 64)
    assert (seen.offset, seen.more, seen.info) == (0, False, "echo request id 0x4c4f seq 1")


@pytest.mark.parametrize(
    ("message", "info"),
    [
        (icmp.with_type(REQUEST, icmp.ICMP_ECHOREPLY), "echo reply id 0x4c4f seq 1"),
        (icmp.with_type(REQUEST, 15), "ICMP type 15"),
        (REQUEST[:7], "ICMP cut short"),
    ],
)
def test_other_icmp_is_told_as_far_as_it_goes(message: bytes, info: str) -> None:
    """Replies are named, other types numbered, and a message under eight bytes is called cut short."""
    assert summarise(packet(1, message)).info == info


def test_esp_hides_what_it_carries() -> None:
    """An ESP packet shows SPI and number and nothing behind them."""
    seen = summarise(packet(50, sealed(REQUEST, 1)))
    assert (seen.proto, seen.spi, seen.seq, seen.info) == (["esp"], [0x1001], [3], "")


def test_a_bundle_shows_its_headers_outermost_first() -> None:
    """AH over ESP shows both, AH first; SPIs and numbers stand in the same order."""
    seen = summarise(AH.seal(packet(50, sealed(REQUEST, 1)), spi=0x1011, seq=2))
    assert (seen.proto, seen.spi, seen.seq) == (["ah", "esp"], [0x1011, 0x1001], [2, 3])


def test_a_tunnel_shows_its_inner_packet() -> None:
    """AH over a whole packet shows ipip, then the protocol inside, options skipped."""
    seen = summarise(AH.seal(packet(4, packet(1, REQUEST, options=bytes(8))), spi=0x1011, seq=2))
    assert (seen.proto, seen.info) == (["ah", "ipip", "icmp"], "echo request id 0x4c4f seq 1")


def test_ipcomp_shows_its_cpi_and_number_zero() -> None:
    """The CPI stands for an SPI; nothing behind an IPComp header can be read."""
    seen = summarise(packet(108, bytes((1, 0, 0x10, 0x02)) + REQUEST))
    assert (seen.proto, seen.spi, seen.seq, seen.info) == (["ipcomp"], [0x1002], [0], "")


@pytest.mark.parametrize(("off", "more"), [(2 | ip.IP_MF, True), (2, False)])
def test_a_later_fragment_shows_only_its_protocol(off: int, *, more: bool) -> None:
    """Behind the first fragment there is no header to read, inside a tunnel neither."""
    seen = summarise(packet(1, REQUEST, off=off))
    assert (seen.proto, seen.offset, seen.more, seen.info) == (["icmp"], 16, more, "")
    inside = summarise(packet(4, packet(1, REQUEST, off=off)))
    assert (inside.proto, inside.offset, inside.info) == (["ipip", "icmp"], 0, "")


@pytest.mark.parametrize(("proto", "name"), [(6, "tcp"), (17, "udp"), (108, "ipcomp"), (89, "89")])
def test_protocols_go_by_name_or_number(proto: int, name: str) -> None:
    """Known protocols have names, the others are numbers."""
    assert summarise(packet(proto, b"")).proto == [name]


@pytest.mark.parametrize(("proto", "short"), [(50, 7), (51, 7), (108, 3)])
def test_a_cut_ipsec_header_is_called_so(proto: int, short: int) -> None:
    """An ESP, AH or IPComp header that the packet ends inside of gives no SPI."""
    seen = summarise(packet(proto, bytes(short)))
    assert (seen.spi, seen.info) == ([], "cut short")


def test_a_packet_that_is_none_is_described_by_its_fault() -> None:
    """Bytes without an IPv4 header have no protocol, and say why."""
    assert summarise(b"\x45\0").info == "2 bytes are no IPv4 header"
    assert summarise(packet(4, b"\x45")).info == "1 bytes are no IPv4 header"


@given(st.binary(max_size=200))
def test_no_bytes_are_too_bad(data: bytes) -> None:
    """Any bytes at all have a description, as a packet and as the payload of every protocol walked into."""
    assert summarise(data).len == len(data)
    for proto in (1, 4, 50, 51, 108):
        assert summarise(packet(proto, data)).len == 20 + len(data)


@pytest.mark.parametrize(
    ("proto", "header"), [(51, b"\x33\x01" + bytes(10)), (4, packet(4, b""))], ids=["ah", "ipip"]
)
def test_nesting_has_no_limit(proto: int, header: bytes) -> None:
    """Thousands of nested headers, as 64 kilobytes of hostile bytes can hold, are walked to the end."""
    seen = summarise(packet(proto, header * (65000 // len(header))))
    assert len(seen.proto) > 3000


def test_one_more_ah_is_described_as_if_all_were_new(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet that gets one AH after another is described as one never seen before, also when cut short."""
    data = packet(1, REQUEST)
    for number in range(1, summary.NESTS + 4):
        data = AH.seal(data, spi=0x2000 + number, seq=number)
        for seen in (data, data[:-1], data[:44], data[:30], data[:21]):
            one = summarise(seen)
            with monkeypatch.context() as patch:
                patch.setattr(summary, "_nests", {})
                assert one == summarise(seen)
    assert summarise(data).proto == ["ah"] * number + ["icmp"]
    assert summarise(data).spi == [0x2000 + each for each in range(number, 0, -1)]
