from __future__ import annotations

import hmac
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import ah, ip
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.algorithms import AUTHS
from tests import handmade

KEY = bytes(range(1, 65))
RECORD_ROUTE = bytes((7, 7, 4, 0, 0, 0, 0))
ROUTER_ALERT = bytes((148, 4, 0, 0))
NOP, EOL = b"\x01", b"\0"
A, B = IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2")

option_lists = st.lists(
    st.sampled_from([RECORD_ROUTE, ROUTER_ALERT, NOP, bytes((130, 3, 9)), bytes((68, 4, 5, 0))]), max_size=5
).map(lambda parts: b"".join(parts) + EOL * (-sum(map(len, parts)) % 4))


@st.composite
def transforms(draw: st.DrawFn) -> AhTransform:
    """Draw a transform with any authenticator but null, old or new."""
    auth = AUTHS[draw(st.sampled_from([name for name in AUTHS if name != "null"]))]
    key_len = draw(st.integers(1, 64)) if auth.key_len is None else auth.key_len
    return AhTransform(auth.name, KEY[:key_len], old=draw(st.booleans()))


@st.composite
def packets(draw: st.DrawFn) -> bytes:
    """Draw an IPv4 packet from A to B."""
    off = draw(st.sampled_from([0, ip.IP_DF]))
    header = ip.IpHeader(0, draw(st.integers(0, 255)), 0, 5, off, 64, 1, 0, A, B, draw(option_lists))
    return handmade.write(header, draw(st.binary(max_size=80)))


@given(transforms(), packets(), st.integers(0, 2**32 - 1))
def test_what_is_sealed_verifies_and_strips_back(xform: AhTransform, packet: bytes, seq: int) -> None:
    """A sealed packet verifies, says proto 51 and its new length, and stripping gives the original back."""
    sealed = xform.seal(packet, spi=0x1002, seq=seq)
    header, before = ip.read(sealed), ip.read(packet)
    assert xform.icv_ok(sealed)
    assert (header.proto, header.total_len) == (51, len(packet) + xform.header_len)
    assert header.options == before.options
    assert ip.header_checksum_ok(sealed)
    assert len(sealed) == header.total_len
    assert xform.strip(sealed) == packet


@given(transforms(), packets())
def test_the_header_says_what_follows(xform: AhTransform, packet: bytes) -> None:
    """The AH header names the protocol that was there, its length and its SPI; the new form its number."""
    seen = ah.read(xform.seal(packet, spi=0x1002, seq=3))
    assert (seen.next_header, seen.header_len, seen.spi) == (1, xform.header_len, 0x1002)
    if xform.header_len == 24 and xform.icv_len == 12:
        assert seen.seq == 3


@given(transforms(), packets(), st.integers(0, 255), st.integers(1, 255))
def test_what_routers_change_does_not_count(xform: AhTransform, packet: bytes, tos: int, ttl: int) -> None:
    """Another TOS, another TTL and filled record route slots leave the ICV right."""
    sealed = bytearray(xform.seal(packet, spi=0x1002, seq=3))
    sealed[1], sealed[8] = tos, ttl
    options = bytes(sealed[20 : ip.read(bytes(sealed)).header_len])
    at = options.find(RECORD_ROUTE)
    if at >= 0:
        sealed[22 + at : 27 + at] = b"\x08" + A.packed
    assert xform.icv_ok(bytes(sealed))


@given(transforms(), packets(), st.data())
def test_a_flipped_bit_behind_the_ip_header_is_noticed(
    xform: AhTransform, packet: bytes, data: st.DataObject
) -> None:
    """Any flipped bit of the AH header, the ICV or what they protect makes the ICV wrong."""
    sealed = bytearray(xform.seal(packet, spi=0x1002, seq=3))
    bit = data.draw(st.integers(8 * ip.read(packet).header_len, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    assert not xform.icv_ok(bytes(sealed))


@pytest.mark.parametrize("at", [2, 3, 4, 5, 9, 12, 15, 16, 19])
def test_lengths_identification_protocol_and_addresses_count(at: int) -> None:
    """Changing total length, identification, protocol or an address makes the ICV wrong."""
    xform = AhTransform("hmac-sha1", KEY[:20])
    sealed = bytearray(xform.seal(handmade.write(plain_header(), b"data"), spi=1, seq=1))
    sealed[at] ^= 1
    assert not xform.icv_ok(bytes(sealed))


def plain_header(off: int = 0) -> ip.IpHeader:
    """Return a header from A to B with no options."""
    return ip.IpHeader(0, 0, 0, 5, off, 64, 1, 0, A, B, b"")


def test_the_icv_is_over_the_packet_with_zeros_in_the_mutable_places() -> None:
    """The ICV is an HMAC over a copy with TOS, offset, TTL, checksum, ICV and record route zeroed."""
    header = plain_header(ip.IP_DF)._replace(tos=7, options=NOP + RECORD_ROUTE + ROUTER_ALERT)
    sealed = AhTransform("hmac-sha1", KEY[:20]).seal(handmade.write(header, b"payload"), spi=0x1002, seq=3)
    plain = bytearray(sealed)
    for first, length in ((1, 1), (6, 3), (10, 2), (21, 7), (32 + 12, 12)):
        plain[first : first + length] = bytes(length)
    assert sealed[44:56] == hmac.digest(KEY[:20], bytes(plain), "sha1")[:12]


@pytest.mark.parametrize(("auth", "counts"), [("hmac-md5", False), ("keyed-md5", True), ("keyed-sha1", True)])
def test_only_the_keyed_hashes_protect_df(auth: str, *, counts: bool) -> None:
    """A flipped DF flag breaks the ICV of keyed-md5 and keyed-sha1, and of no HMAC."""
    xform = AhTransform(auth, KEY[:16])
    sealed = bytearray(xform.seal(handmade.write(plain_header(), b"data"), spi=1, seq=1))
    sealed[6] ^= ip.IP_DF >> 8
    assert xform.icv_ok(bytes(sealed)) is not counts


def test_an_old_icv_is_96_bits_in_128_bits_of_room() -> None:
    """Old AH has no number and 16 bytes of ICV, of which the crypto framework fills twelve."""
    xform = AhTransform("hmac-md5", KEY[:16], old=True)
    sealed = xform.seal(handmade.write(plain_header(), b"data"), spi=0x1002, seq=0)
    assert (xform.header_len, xform.icv_len) == (24, 16)
    assert sealed[20:28] == bytes((1, 4, 0, 0)) + (0x1002).to_bytes(4, "big")
    assert sealed[40:44] == bytes(4)
    assert sealed[44:] == b"data"


def massaged(options: bytes) -> bytes:
    """Massage options that stand behind an IP header."""
    packet = bytearray(20) + options + bytes(24)
    ah.massage_options(packet, 20 + len(options), 20, out=False)
    return bytes(packet[20 : 20 + len(options)])


@given(st.binary(max_size=40))
def test_massaging_keeps_the_length_of_any_options(options: bytes) -> None:
    """Options that are not refused keep their length, and massaging them again changes nothing."""
    try:
        once = massaged(options)
    except ah.OptionError:
        return
    assert len(once) == len(options)
    assert massaged(once) == once


@pytest.mark.parametrize("kind", [130, 133, 134, 148, 149])
def test_options_that_nobody_changes_are_kept(kind: int) -> None:
    """Security options, router alert and directed broadcast stay under the ICV; what follows EOL too."""
    option = bytes((kind, 4, 1, 2))
    assert massaged(NOP + option + RECORD_ROUTE + EOL + b"\x07") == NOP + option + bytes(8) + b"\x07"
