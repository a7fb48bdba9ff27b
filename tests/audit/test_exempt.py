"""Packets that policies leave alone, and what only looks like them."""

from __future__ import annotations

import struct
from ipaddress import ip_network

import msgspec
import pytest

from ipsec_lo_trace.model.host import HostPolicy, HostRule
from tests.audit import independent as by_rfc
from tests.audit.independent import ENDS
from tests.audit.support import audited_under, capture
from tests.audit.test_doubts import KEYS, both_ways, sealed

ISAKMP = bytes(16) + b"\x01\x10\x02\x00" + bytes(4) + struct.pack("!I", 28)
IKEV2 = bytes(16) + b"\x21\x20\x22\x08" + bytes(4) + struct.pack("!I", 28)


def udp(sport: int, dport: int, data: bytes, version: int = 4) -> bytes:
    """Make a UDP packet from the first end to the second."""
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    return by_rfc.header(version, 17, head + data, ENDS[version])


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    ("sport", "dport", "data"),
    [
        (500, 500, ISAKMP),
        (500, 500, IKEV2),
        (4500, 4500, bytes(4) + IKEV2),
        (1024, 4500, bytes(4) + IKEV2),
        (4500, 4500, b"\xff"),
    ],
    ids=["ikev1", "ikev2", "marker", "behind a NAT", "keepalive"],
)
def test_key_exchange_is_no_leak(version: int, sport: int, dport: int, data: bytes) -> None:
    """IKE crosses beside the policies, on its port and on that of ESP in UDP."""
    done = audited_under(capture([udp(sport, dport, data, version), sealed(version)]), both_ways(version))
    assert (done.codes[0], done.verdict.outcome) == (("ike",), "clean")


@pytest.mark.parametrize(
    ("sport", "dport", "data"),
    [(500, 500, b"GET / HTTP/1.0" * 4), (500, 500, b""), (4500, 4500, bytes(40)), (501, 501, IKEV2)],
)
def test_what_only_uses_the_port_is_judged(sport: int, dport: int, data: bytes) -> None:
    """A packet on the port of IKE that is none crosses in clear as any other."""
    done = audited_under(capture([udp(sport, dport, data), sealed()]), both_ways())
    assert done.codes[0] == ("clear-text",)


@pytest.mark.parametrize("version", [4, 6])
def test_esp_in_udp_opens(version: int) -> None:
    """ESP in UDP opens with the SA of its destination and SPI, whole or in fragments."""
    body = by_rfc.esp(KEYS, 0x2001, 1, by_rfc.ICMP[version], by_rfc.echo(version))
    done = audited_under(capture([udp(4500, 4500, body, version)]), both_ways(version))
    assert (done.got, done.verdict.outcome) == (["esp"], "clean")
    assert done.packets[0].wire.proto == ["udp", "esp"]


def test_esp_in_udp_without_an_sa_is_a_doubt() -> None:
    """Nobody knows what it holds; it is no clear text."""
    done = audited_under(capture([udp(4500, 4500, b"\x77" * 60)]), both_ways())
    assert (done.codes, done.verdict.outcome) == ([("unknown-spi",)], "unsure")


def test_esp_in_udp_in_fragments_opens() -> None:
    """Fragments of a packet with ESP in UDP are put together first."""
    body = by_rfc.esp(KEYS, 0x2001, 1, 1, by_rfc.echo(4))
    whole = udp(4500, 4500, body)
    first, second = whole[20:60], whole[60:]
    pieces = [
        cut_piece(first, 0, more=True),
        cut_piece(second, 40, more=False),
    ]
    done = audited_under(capture(pieces), both_ways())
    assert done.got == ["", "esp"]


def cut_piece(payload: bytes, offset: int, *, more: bool) -> bytes:
    """Make a fragment of a UDP packet."""
    packet = bytearray(by_rfc.header(4, 17, payload, ENDS[4]))
    packet[6:8] = struct.pack("!H", offset // 8 | (0x2000 if more else 0))
    return bytes(packet)


def fragments6(payload: bytes, proto: int, size: int = 64) -> list[bytes]:
    """Cut a payload into IPv6 fragments."""
    pieces = []
    for at in range(0, len(payload), size):
        more = at + size < len(payload)
        head = struct.pack("!BBHI", proto, 0, at | more, 77)
        pieces.append(by_rfc.header(6, 44, head + payload[at : at + size], ENDS[6]))
    return pieces


def test_esp_in_ipv6_fragments_opens_in_any_order() -> None:
    """Fragments of IPv6 are put together whatever comes first."""
    body = by_rfc.esp(KEYS, 0x2001, 1, 58, by_rfc.echo(6) + bytes(100))
    pieces = fragments6(body, 50)
    assert len(pieces) > 2
    for order in (pieces, pieces[::-1]):
        done = audited_under(capture(order), both_ways(6))
        assert done.got == ["", *[""] * (len(pieces) - 2), "esp"]


WAKING_TEXT = struct.pack("!BBHHH", 0, 0, 0, 0xFFFF ^ 7, 0)


def waking(ident: int = 0xFFFF ^ 7, ttl: int = 1, data: bytes = b"", dst: str = "127.0.0.1") -> bytes:
    """Make the echo reply that NetBSD's ping sends itself."""
    return by_rfc.header(4, 1, struct.pack("!BBHHH", 0, 0, 0, ident, 0) + data, ("127.0.0.1", dst), ttl=ttl)


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        (waking(), "ping-wakes-itself"),
        (waking(ttl=64), "clear-text"),
        (waking(data=b"x" * 56), "clear-text"),
        (waking(dst="127.0.0.2"), "clear-text"),
    ],
    ids=["its own", "another TTL", "longer", "to another"],
)
def test_a_ping_that_wakes_itself_is_known_by_all_its_marks(packet: bytes, code: str) -> None:
    """TTL 1, eight bytes, to 127.0.0.1; whose ping it is may never cross this interface."""
    host = both_ways()
    lo = ip_network("127.0.0.0/8")
    host.policies += [
        HostPolicy(direction="out", src=lo, dst=lo, rules=(HostRule(proto=50, mode="transport"),))
    ]
    done = audited_under(capture([sealed(), packet]), host)
    assert done.codes[1] == (code,)


def test_an_answer_is_no_waking() -> None:
    """A reply to a request that came by is judged as a reply, whatever its TTL and length are."""
    lo = ip_network("127.0.0.0/8")
    rules = (HostRule(proto=50, mode="transport"),)
    host = both_ways()
    host.policies.append(HostPolicy(direction="out", src=lo, dst=lo, rules=rules))
    request = by_rfc.header(4, 1, struct.pack("!BBHHH", 8, 0, 0, 7, 0), ("127.0.0.1", "127.0.0.1"))
    done = audited_under(capture([sealed(), request, waking(ident=7)]), host)
    assert done.codes[1:] == [("clear-text",), ("clear-text",)]


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("kind", ["reversed", "first lost", "last lost"])
def test_fragments_of_esp_in_udp_are_no_clear_text(version: int, kind: str) -> None:
    """In whatever order they come, and whichever is lost: opened, or a doubt."""
    body = by_rfc.esp(KEYS, 0x2001, 1, by_rfc.ICMP[version], by_rfc.echo(version) + bytes(60))
    datagram = struct.pack("!HHHH", 4500, 4500, 8 + len(body), 0) + body
    pieces = fragments6(datagram, 17) if version == 6 else fragments4(datagram, 17)
    order = {"reversed": pieces[::-1], "first lost": pieces[1:], "last lost": pieces[:-1]}[kind]
    done = audited_under(capture(order), both_ways(version))
    assert done.verdict.outcome == ("clean" if kind == "reversed" else "unsure")
    assert "clear" not in done.got


def fragments4(payload: bytes, proto: int, size: int = 64) -> list[bytes]:
    """Cut a payload into IPv4 fragments."""
    pieces = []
    for at in range(0, len(payload), size):
        packet = bytearray(by_rfc.header(4, proto, payload[at : at + size], ENDS[4]))
        more = 0x2000 if at + size < len(payload) else 0
        packet[6:8] = struct.pack("!H", at // 8 | more)
        pieces.append(bytes(packet))
    return pieces


@pytest.mark.parametrize("snap", [24, 28, 40, 44, 50])
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("data", [IKEV2, bytes(4) + IKEV2, b"\x77" * 80], ids=["ike", "marker", "esp"])
def test_a_beginning_of_key_exchange_is_no_clear_text(data: bytes, version: int, snap: int) -> None:
    """Of a packet to port 500 or 4500 that is cut short nobody knows what it is."""
    port = 500 if data == IKEV2 else 4500
    whole = udp(port, port, data + bytes(100), version)
    done = audited_under(capture([whole], cut=snap + (20 if version == 6 else 0)), both_ways(version))
    assert done.verdict.outcome == "unsure"


def test_esp_in_udp_on_another_port_opens() -> None:
    """The ports that an SA names are looked at besides 4500, for ESP and for the key exchange beside it."""
    body = by_rfc.esp(KEYS, 0x2001, 1, 1, by_rfc.echo(4))
    host = both_ways()
    host.sas[0] = msgspec.structs.replace(host.sas[0], udp_ports=(10500,))
    done = audited_under(capture([udp(10500, 10500, body), udp(10500, 10500, bytes(4) + IKEV2)]), host)
    assert (done.got, done.codes, done.verdict.outcome) == (["esp", ""], [(), ("ike",)], "clean")
