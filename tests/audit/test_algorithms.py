"""Every algorithm of the table, on packets that nothing of ours sealed."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    authenticator_row,
    cipher_row,
    usual_key_len,
)
from ipsec_lo_trace.model.host import Cut, HostConfiguration, HostPolicy, HostRule, HostSa
from tests.audit import independent as by_rfc
from tests.audit.independent import ENDS, OUTER, Keys
from tests.audit.support import Audited, audited_under, capture

SEPARATE = [
    row.name
    for row in (*CIPHERS, *LATER_CIPHERS)
    if (row.iv_len or row.keyless) and not row.icv_lens and not row.acts_as
]
COMBINED = [(row.name, icv_len) for row in LATER_CIPHERS for icv_len in row.icv_lens]
AUTHS = [
    row.name
    for row in (*AUTHENTICATORS, *LATER_AUTHENTICATORS)
    if row.name in (*by_rfc.HASHES, "aes-xcbc-mac", "aes-cmac")
]
WAYS = [(4, 0), (6, 0), (4, 4), (6, 6), (6, 4), (4, 6)]
HIGHS = [None, 0, 1]


def keys_of(cipher: str, auth: str, icv_len: int, high: int | None) -> Keys:
    """Make up keys of the right length."""
    row = cipher_row(cipher)
    enc_key = b"" if row.keyless else bytes(range(usual_key_len(row)))
    auth_key = bytes(range(authenticator_row(auth).key_len or 0)) if auth else b""
    return Keys(cipher, enc_key, auth, auth_key, icv_len, high)


def combinations() -> list[Keys]:
    """Give every cipher with an authenticator, and the other way round, and every combined cipher."""
    return [
        *(keys_of(cipher, "hmac-sha1", 12, None) for cipher in SEPARATE),
        *(keys_of("rijndael-cbc", auth, authenticator_row(auth).icv_len, None) for auth in AUTHS),
        *(keys_of("aes-ctr", "hmac-sha256-128", icv_len, None) for icv_len in (12, 16, 32)),
        *(keys_of(cipher, "", icv_len, None) for cipher, icv_len in COMBINED),
    ]


def name_of(keys: Keys) -> str:
    """Name a combination."""
    return f"{keys.cipher}-{keys.auth or 'own'}-{keys.icv_len}"


def host(keys: Keys, proto: int, spi: int, version: int, outer: int) -> HostConfiguration:
    """Configure one SA and the policy that asks for it."""
    ends = OUTER[outer] if outer else ENDS[version]
    src, dst = map(ip_address, ends)
    sa = HostSa(
        proto=proto,
        spi=spi,
        src=src,
        dst=dst,
        mode="tunnel" if outer else "transport",
        cipher=keys.cipher if proto == by_rfc.ESP else "",
        enc_key=keys.enc_key,
        auth_key=keys.auth_key,
        cuts=(Cut(keys.auth, keys.icv_len),) if keys.icv_len else (),
        seq_hi=None if keys.high is None else (0,),
    )
    rule = HostRule(proto=proto, mode=sa.mode)
    networks = [ip_network(end) for end in ENDS[version]]
    policy = HostPolicy(direction="out", src=networks[0], dst=networks[1], rules=(rule,))
    return HostConfiguration(sas=[sa], policies=[policy])


def audited_alone(packet: bytes, keys: Keys, proto: int, spi: int, version: int, outer: int) -> Audited:
    """Audit one packet."""
    return audited_under(capture([packet]), host(keys, proto, spi, version, outer))


@pytest.mark.parametrize("keys", combinations(), ids=name_of)
@pytest.mark.parametrize("high", HIGHS, ids=["plain", "esn-0", "esn-1"])
@pytest.mark.parametrize(("version", "outer"), WAYS)
def test_esp_opens(keys: Keys, version: int, outer: int, high: int | None) -> None:
    """ESP of every algorithm opens over IPv4 and IPv6, in either mode, with and without extended numbers."""
    keys = keys._replace(high=high)
    packet = by_rfc.esp_packet(keys, version, outer=outer)
    done = audited_alone(packet, keys, by_rfc.ESP, 0x2001, version, outer)
    inside = done.packets[0].inside
    assert (done.got, done.verdict.outcome) == (["esp"], "clean")
    assert inside is not None
    assert (inside.src, inside.dst, inside.info) == (*ENDS[version], "echo request id 0x0007 seq 1")


@pytest.mark.parametrize("auth", AUTHS)
@pytest.mark.parametrize("high", HIGHS, ids=["plain", "esn-0", "esn-1"])
@pytest.mark.parametrize(("version", "outer"), WAYS)
def test_ah_verifies(auth: str, version: int, outer: int, high: int | None) -> None:
    """AH of every authenticator verifies, padded to eight bytes or not, and what pads it counts."""
    icv_len = authenticator_row(auth).icv_len
    keys = keys_of("null", auth, icv_len, high)
    odd = (12 + icv_len) % 8
    pads = [b""] if not odd or (outer or version) == 4 else []
    pads += [b"\x5a" * (8 - odd)] if odd else []
    for pad in pads:
        packet = by_rfc.ah_packet(keys, version, outer=outer, pad=pad)
        done = audited_alone(packet, keys, by_rfc.AH, 0x2003, version, outer)
        assert (done.got, done.verdict.outcome) == (["ah"], "clean")
        if pad:
            at = (
                len(packet) - len(by_rfc.echo(version)) - (0 if not outer else 20 if version == 4 else 40) - 1
            )
            altered = audited_alone(flipped(packet, 8 * at), keys, by_rfc.AH, 0x2003, version, outer)
            assert altered.codes == [("wrong-icv",)]


def flipped(packet: bytes, bit: int) -> bytes:
    """Flip one bit."""
    changed = bytearray(packet)
    changed[bit // 8] ^= 0x80 >> bit % 8
    return bytes(changed)


@given(
    keys=st.sampled_from(combinations()),
    way=st.sampled_from(WAYS),
    high=st.sampled_from(HIGHS),
    data=st.data(),
)
def test_one_flipped_bit_of_esp_is_noticed(
    keys: Keys, way: tuple[int, int], high: int | None, data: st.DataObject
) -> None:
    """Whichever bit behind the SPI is flipped, up to the ICV's last: the ICV is wrong."""
    version, outer = way
    keys = keys._replace(high=high)
    packet = by_rfc.esp_packet(keys, version, outer=outer)
    at = 40 if (outer or version) == 6 else 20
    bit = data.draw(st.integers(8 * (at + 4), 8 * len(packet) - 1))
    done = audited_alone(flipped(packet, bit), keys, by_rfc.ESP, 0x2001, version, outer)
    assert (done.codes, done.got, done.verdict.outcome) == ([("wrong-icv",)], ["wrong"], "unsure")


@given(auth=st.sampled_from(AUTHS), way=st.sampled_from(WAYS), high=st.sampled_from(HIGHS), data=st.data())
def test_one_flipped_bit_under_ah_is_noticed(
    auth: str, way: tuple[int, int], high: int | None, data: st.DataObject
) -> None:
    """Whichever bit of source, sequence number, ICV or payload is flipped: the ICV is wrong."""
    version, outer = way
    icv_len = authenticator_row(auth).icv_len
    keys = keys_of("null", auth, icv_len, high)
    over = outer or version
    pad = bytes(-(12 + icv_len) % 8) if over == 6 else b""
    packet = by_rfc.ah_packet(keys, version, outer=outer, pad=pad)
    source, at = (range(8, 24), 40) if over == 6 else (range(12, 16), 20)
    place = data.draw(st.sampled_from([*source, *range(at + 8, len(packet))]))
    bit = 8 * place + data.draw(st.integers(0, 7))
    done = audited_alone(flipped(packet, bit), keys, by_rfc.AH, 0x2003, version, outer)
    assert done.codes == [("wrong-icv",)]
