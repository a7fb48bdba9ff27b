"""The files that FreeBSD, NetBSD and the kernel of 2003 take, read for an audit."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Cut, HostPolicy, HostRule, HostSa
from ipsec_lo_trace.model.policy import Direction, Policy
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.setkey.host import load
from ipsec_lo_trace.setkey.load import load as load_2003
from tests.setkey.support import DATA
from tests.setkey.test_laws import ADD, REMOVE, SPDADD, SPDREMOVE

A, B = IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2")
LO = IPv4Address("127.0.0.1")
AES_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
NONCE = bytes.fromhex("a1b2c3d4")
SHA1_KEY = bytes(range(20))
ESP_RULE = HostRule(proto=50, mode="transport")


def of_file(name: str) -> tuple[list[HostSa], list[HostPolicy], list[str]]:
    """Read one of the files that FreeBSD or NetBSD takes."""
    read = load((DATA / name).read_text(encoding="utf-8"), "f")
    return read.sas, read.policies, read.notes


PAIR = [
    HostPolicy(direction=way, src=ip_network(src), dst=ip_network(dst), rules=(ESP_RULE,))
    for way in ("out", "in")
    for src, dst in ((A, B), (B, A))
]
"""The policies of FreeBSD's test files."""


def pair(**sealed: object) -> list[HostSa]:
    """Return the SAs of FreeBSD's test files, sealed so."""
    ends = ((0x2001, A, B), (0x2002, B, A))
    return [HostSa(proto=50, mode="any", spi=spi, src=src, dst=dst, **sealed) for spi, src, dst in ends]  # type: ignore[arg-type]


CHACHA_KEY = AES_KEY + bytes.fromhex("0123456789abcdeffedcba9876543210") + NONCE
FILES: dict[str, tuple[list[HostSa], list[HostPolicy]]] = {
    "fbsd-chacha.conf": (pair(cipher="chacha20-poly1305", enc_key=CHACHA_KEY, cuts=(Cut("", 16),)), PAIR),
    "fbsd-sha384.conf": (
        pair(
            cipher="rijndael-cbc",
            enc_key=AES_KEY,
            auth_key=bytes(range(48)),
            cuts=(Cut("hmac-sha2-384", 12), Cut("hmac-sha384", 24)),
        ),
        PAIR,
    ),
    "fbsd-xcbc.conf": (
        pair(cipher="rijndael-cbc", enc_key=AES_KEY, auth_key=AES_KEY, cuts=(Cut("aes-xcbc-mac", 12),)),
        PAIR,
    ),
    "fbsd-esn.conf": (
        pair(cipher="aes-gcm", enc_key=AES_KEY + NONCE, cuts=(Cut("", 16),), seq_hi=(0,), window=256)[:1],
        [],
    ),
    "esp-udp.conf": (
        pair(cipher="rijndael-cbc", enc_key=AES_KEY, auth_key=SHA1_KEY, cuts=(Cut("hmac-sha1", 12),))[:1],
        [],
    ),
    "fbsd-icmp6.conf": (
        [],
        [
            HostPolicy(
                direction="in",
                src=ip_network("::/0"),
                dst=ip_network("::/0"),
                src_port=135,
                upper=58,
                kind="none",
            ),
            HostPolicy(
                direction="out",
                src=ip_network("10.0.11.41"),
                dst=ip_network("10.0.11.33"),
                src_port=21,
                rules=(
                    HostRule(
                        proto=50, mode="tunnel", src=ip_address("192.168.0.1"), dst=ip_address("192.168.1.2")
                    ),
                ),
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_a_bsd_takes_is_read(name: str) -> None:
    """Algorithms, addresses, ports and extensions of FreeBSD 14 and ipsec-tools are what they are there."""
    assert of_file(name) == (*FILES[name], [])


def test_ipv4_and_ipv6_stand_side_by_side() -> None:
    """Both families make SAs and policies, in the order of the file."""
    found, asked, notes = of_file("fbsd-v4v6.conf")
    assert [(sa.dst, sa.mode, sa.auth_key) for sa in found] == [
        (IPv6Address("::1"), "transport", b"twentybytes!twentyby"),
        (LO, "any", SHA1_KEY),
    ]
    assert [(one.direction, str(one.dst)) for one in asked] == [
        ("in", "::1/128"),
        ("out", "::1/128"),
        ("out", "127.0.0.1/32"),
        ("in", "127.0.0.1/32"),
    ]
    assert notes == []


def test_tcp_signatures_are_left_out() -> None:
    """SAs of tcp protect no IP packet: they are noted, and the others are read."""
    found, asked, notes = of_file("fbsd-tcpmd5-plus.conf")
    assert ([sa.dst for sa in found], len(asked)) == ([LO], 2)
    why = "an SA of TCP signatures (RFC 2385), which protect no IP packet: left out"
    assert notes == [f"f:2:27: {why}", f"f:3:27: {why}"]


def test_camellia_is_read() -> None:
    """NetBSD 10's camellia-cbc is a row of the table."""
    [[sa], _policies, _notes] = of_file("nbsd10-camellia.conf")
    assert (sa.cipher, sa.enc_key, sa.cuts) == ("camellia-cbc", AES_KEY, (Cut("hmac-sha1", 12),))


COMMANDS = st.lists(ADD | REMOVE | SPDADD | SPDREMOVE, max_size=20)


def the_same_sa(sav: SecurityAssociation) -> HostSa:
    """Say what an SA of the kernel of 2003 is for an audit, but for how it is cut."""
    return HostSa(
        proto=sav.proto,
        spi=sav.spi,
        src=sav.index.src,
        dst=sav.index.dst,
        mode=sav.index.mode.name.lower(),
        reqid=sav.index.reqid,
        enc_key=sav.enc_key,
        auth_key=sav.auth_key,
        cipher=sav.cipher,
        padding=sav.padding,
        old=sav.old,
        window=8 * sav.replay.window_bytes if sav.replay else 0,
    )


def the_same_policy(direction: Direction, sp: Policy) -> HostPolicy:
    """Say what a policy of the kernel of 2003 is for an audit."""
    return HostPolicy(
        direction=direction.name.lower(),
        src=sp.selector.src,
        dst=sp.selector.dst,
        src_port=sp.selector.src_port or None,
        dst_port=sp.selector.dst_port or None,
        upper=sp.selector.ul_proto,
        kind=sp.kind.name.lower(),
        rules=tuple(
            HostRule(
                proto=isr.proto,
                mode=isr.mode.name.lower(),
                level=isr.level.name.lower(),
                reqid=isr.reqid,
                src=isr.src,
                dst=isr.dst,
            )
            for isr in sp.requests
        ),
    )


@given(COMMANDS)
def test_a_file_of_2003_means_what_it_meant(commands: list[str]) -> None:
    """What the kernel of 2003 takes is the same SAs and policies for an audit."""
    text = "".join(f"{command} ;\n" for command in ["spdflush", *commands])
    try:
        db = load_2003(text, "f").db
    except UserError:
        return
    read = load(text, "f")
    savs = sorted((sav for head in db.sahtree for sav in head.savs), key=lambda sav: sav.added)
    assert [msgspec.structs.replace(sa, cuts=()) for sa in read.sas] == [the_same_sa(sav) for sav in savs]
    for direction, asked in db.sptree.items():
        assert [one for one in read.policies if one.direction == direction.name.lower()] == [
            the_same_policy(direction, sp) for sp in asked
        ]
