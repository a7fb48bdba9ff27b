from __future__ import annotations

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import ip
from tests import handmade

addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
options = st.integers(0, 10).flatmap(lambda words: st.binary(min_size=4 * words, max_size=4 * words))
headers = st.builds(
    ip.IpHeader,
    header_len=st.just(0),
    tos=st.integers(0, 0xFF),
    total_len=st.just(0),
    ident=st.integers(0, 0xFFFF),
    off=st.integers(0, 0xFFFF),
    ttl=st.integers(0, 0xFF),
    proto=st.integers(0, 0xFF),
    checksum=st.just(0),
    src=addresses,
    dst=addresses,
    options=options,
)
payloads = st.binary(max_size=200)
monotone = st.builds(bytes.__mul__, st.sampled_from([b"\0", b"\xff"]), st.integers(0, 300))


def naive_checksum(data: bytes) -> int:
    """Add up words with end-around carry, as RFC 1071 section 1 tells it."""
    padded = data + b"\0" * (len(data) % 2)
    total = 0
    for at in range(0, len(padded), 2):
        total += int.from_bytes(padded[at : at + 2], "big")
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


@given(st.binary(max_size=300) | monotone)
def test_checksum_is_that_of_rfc_1071(data: bytes) -> None:
    """The checksum equals the word-by-word sum of RFC 1071, zeros and all-ones included."""
    assert ip.checksum(data) == naive_checksum(data)


def test_checksum_of_the_example_in_rfc_1071() -> None:
    """The numerical example of RFC 1071 section 3 sums to ddf2."""
    assert ip.checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF


@given(headers, payloads)
def test_what_is_written_reads_back(header: ip.IpHeader, payload: bytes) -> None:
    """Reading a written packet gives the same fields, and lengths and checksum that are right."""
    packet = handmade.write(header, payload)
    again = ip.read(packet)
    header_len = ip.HEADER_LEN + len(header.options)
    expected = header._replace(header_len=header_len, total_len=len(packet), checksum=again.checksum)
    assert again == expected
    assert packet[header_len:] == payload
    assert ip.header_checksum_ok(packet)
    assert naive_checksum(packet[:header_len]) == 0


@given(headers, payloads, addresses, st.integers(0, 0xFF), st.integers(0, 0xFFFF))
def test_a_patch_changes_what_it_names_and_nothing_else(
    header: ip.IpHeader, payload: bytes, src: IPv4Address, proto: int, off: int
) -> None:
    """Patching fields equals writing the packet anew with those fields."""
    packet = handmade.write(header, payload)
    patched = ip.patch(packet, src=src, proto=proto, off=off, total_len=len(packet))
    assert patched == handmade.write(header._replace(src=src, proto=proto, off=off), payload)


@given(headers, payloads)
def test_an_empty_patch_only_renews_the_checksum(header: ip.IpHeader, payload: bytes) -> None:
    """Patching no field repairs a wrong checksum and leaves everything else."""
    packet = handmade.write(header, payload)
    assert ip.patch(packet[:10] + b"\0\0" + packet[12:]) == packet


@given(headers)
def test_the_ends_are_the_two_addresses(header: ip.IpHeader) -> None:
    """The ends of a packet are its source and destination as eight bytes."""
    assert ip.ends(handmade.write(header, b"")) == header.src.packed + header.dst.packed


@given(headers, payloads, st.data())
def test_a_flipped_header_bit_breaks_the_checksum(
    header: ip.IpHeader, payload: bytes, data: st.DataObject
) -> None:
    """No single flipped bit of a header, its length field apart, goes unnoticed."""
    packet = bytearray(handmade.write(header, payload))
    bit = data.draw(st.integers(8, 8 * (ip.HEADER_LEN + len(header.options)) - 1))
    packet[bit // 8] ^= 1 << bit % 8
    assert not ip.header_checksum_ok(bytes(packet))


@pytest.mark.parametrize(
    "packet",
    [b"", b"\x45" + bytes(18), b"\x44" + bytes(30), b"\x46" + bytes(20)],
    ids=["empty", "19 bytes", "header length 16", "header longer than the packet"],
)
def test_bytes_that_hold_no_header_are_refused(packet: bytes) -> None:
    """A packet that ends inside its header, or says a header length under 20, is a WireError."""
    with pytest.raises(ip.WireError):
        ip.read(packet)


def test_options_are_padded_to_whole_words() -> None:
    """Options whose length is no multiple of four end in EOL bytes."""
    header = ip.IpHeader(0, 0, 0, 0, 0, 64, 1, 0, IPv4Address(1), IPv4Address(2), b"\x07\x03\x04")
    assert ip.read(handmade.write(header, b"")).options == b"\x07\x03\x04\0"


@given(headers, st.binary(max_size=500), st.integers(68, 300))
def test_fragments_reassemble_to_the_packet(header: ip.IpHeader, payload: bytes, mtu: int) -> None:
    """Fragments fit the MTU, all but the last carry whole 8-byte units, and together they are the packet."""
    packet = handmade.write(header._replace(off=0), payload)
    pieces = ip.fragment(packet, mtu)
    heads = [ip.read(piece) for piece in pieces]
    assert all(len(piece) <= mtu for piece in pieces)
    assert [bool(head.off & ip.IP_MF) for head in heads] == [True] * (len(pieces) - 1) + [False]
    parts = {(head.off & ip.IP_OFFMASK) * 8: piece for head, piece in zip(heads, pieces, strict=True)}
    assert ip.reassemble(parts) == packet


@given(headers, st.binary(min_size=200, max_size=500), st.data())
def test_no_packet_comes_of_missing_fragments(
    header: ip.IpHeader, payload: bytes, data: st.DataObject
) -> None:
    """While any one fragment is missing there is no packet."""
    pieces = ip.fragment(handmade.write(header._replace(off=0), payload), 100)
    parts = {(ip.read(piece).off & ip.IP_OFFMASK) * 8: piece for piece in pieces}
    del parts[data.draw(st.sampled_from(sorted(parts)))]
    assert ip.reassemble(parts) is None


@given(headers, st.binary(min_size=200, max_size=500))
def test_fragments_of_fragments_reassemble_too(header: ip.IpHeader, payload: bytes) -> None:
    """A fragment that is cut again keeps its place and, but for the packet's end, announces more."""
    packet = handmade.write(header._replace(off=0), payload)
    pieces = [small for large in ip.fragment(packet, 148) for small in ip.fragment(large, 80)]
    assert ip.reassemble({(ip.read(piece).off & ip.IP_OFFMASK) * 8: piece for piece in pieces}) == packet


def test_later_fragments_keep_the_copied_options_only() -> None:
    """Router alert and NOPs are in every fragment, record route and what follows EOL in the first one."""
    route, alert, nop = bytes((7, 7, 4, 0, 0, 0, 0)), bytes((148, 4, 0, 0)), b"\x01"
    header = ip.IpHeader(0, 0, 0, 5, 0, 64, 1, 0, IPv4Address(1), IPv4Address(2), nop + route + alert + alert)
    first, *others = [ip.read(piece) for piece in ip.fragment(handmade.write(header, bytes(100)), 68)]
    assert (first.header_len, first.total_len, first.options) == (36, 68, header.options)
    assert {head.options for head in others} == {nop + alert + alert + bytes(3)}
    assert [head.total_len for head in others] == [64, 64, 36]
    assert ip.copied(alert + b"\0" + alert) == alert


@given(st.binary(max_size=40))
def test_copying_ends_with_any_options(options: bytes) -> None:
    """However malformed, options are copied once, and copying the copy changes nothing."""
    copied = ip.copied(options)
    assert len(copied) <= len(options)
    assert ip.copied(copied) == copied


@pytest.mark.parametrize("mtu", [0, 20, 27])
def test_an_mtu_without_room_is_refused(mtu: int) -> None:
    """A fragment must hold eight bytes besides its header."""
    header = ip.IpHeader(0, 0, 0, 5, 0, 64, 1, 0, IPv4Address(1), IPv4Address(2), b"")
    with pytest.raises(ValueError, match="no room"):
        ip.fragment(handmade.write(header, bytes(100)), mtu)


def test_ports_of_a_cut_packet_are_zeros() -> None:
    """Ports are read where they stand, and are 0 where the packet ends before them."""
    assert ip.ports(bytes(20) + b"\x04\x00\x00\x35", 20) == (1024, 53)
    assert ip.ports(bytes(20) + b"\x04\x00", 20) == (1024, 0)
    assert ip.ports(bytes(20), 20) == (0, 0)
