"""The layouts in which FreeBSD, NetBSD and ipsec-tools print with setkey -D and setkey -DP."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from ipsec_lo_trace.model.host import Cut, HostConfiguration, HostPolicy, HostRule, HostSa
from ipsec_lo_trace.setkey.dump import is_dump, load_all
from tests.setkey.support import DATA

AES_KEY = bytes.fromhex("00112233445566778899aabbccddeeff")
A, B = ip_address("10.9.9.1"), ip_address("10.9.9.2")
V6 = ip_address("2001:db8:2::4"), ip_address("2001:db8:2::3")
LO = ip_address("127.0.0.1")
NET_10, HOST_192 = ip_network("10.0.0.0/8"), ip_network("192.168.0.1/32")


FREEBSD = HostConfiguration(
    sas=[
        HostSa(proto=108, spi=2, src=A, dst=B, cipher="deflate"),
        HostSa(
            proto=51,
            spi=8194,
            src=V6[0],
            dst=V6[1],
            auth_key=bytes(range(64)),
            cuts=(Cut("hmac-sha2-512", 12), Cut("hmac-sha512", 32)),
        ),
        HostSa(
            proto=50,
            spi=8193,
            src=A,
            dst=B,
            cipher="chacha20-poly1305",
            enc_key=AES_KEY + bytes.fromhex("0123456789abcdeffedcba9876543210a1b2c3d4"),
            cuts=(Cut("", 16),),
            udp_ports=(4500,),
        ),
        HostSa(
            proto=50,
            spi=4097,
            src=ip_address("10.0.34.4"),
            dst=ip_address("10.0.23.2"),
            mode="tunnel",
            reqid=100,
            cipher="aes-gcm",
            enc_key=b"12345678901234567890",
            cuts=(Cut("", 16),),
            seq_hi=(0,),
            window=256,
        ),
    ],
    policies=[
        HostPolicy(
            direction=direction,
            src=ip_network(ends),
            dst=ip_network(ends),
            rules=(
                HostRule(
                    proto=50,
                    mode="tunnel",
                    level="unique",
                    reqid=100,
                    src=ip_address(src),
                    dst=ip_address(dst),
                ),
            ),
            condition="the interface ipsec0",
        )
        for direction, ends, src, dst in (
            ("in", "0.0.0.0/0", "10.0.34.4", "10.0.23.2"),
            ("out", "::/0", "10.0.23.2", "10.0.34.4"),
        )
    ]
    + [
        HostPolicy(
            direction="out",
            src=ip_network(A),
            dst=ip_network(B),
            dst_port=22,
            upper=6,
            rules=(
                HostRule(proto=108, mode="transport", level="use"),
                HostRule(proto=50, mode="transport", level="unique", reqid=16385),
            ),
        ),
        HostPolicy(
            direction="in",
            src=ip_network("fe80::/10"),
            dst=ip_network("fe80::/10"),
            src_port=135,
            upper=58,
            kind="none",
        ),
    ],
    notes=["f:40:1: an SA of TCP signatures (RFC 2385), which protect no IP packet: left out"],
)
NETBSD = HostConfiguration(
    sas=[
        HostSa(
            proto=50,
            spi=4097,
            src=LO,
            dst=LO,
            reqid=16385,
            cipher="des-cbc",
            enc_key=b"12345678",
            auth_key=AES_KEY,
            cuts=(Cut("keyed-md5", 12),),
            padding="zero",
            window=32,
        ),
        HostSa(
            proto=51,
            spi=4098,
            src=LO,
            dst=LO,
            mode="any",
            auth_key=bytes(range(20)),
            cuts=(Cut("hmac-sha1", 12),),
        ),
    ],
    policies=[
        HostPolicy(
            direction="out",
            src=ip_network("127.0.0.0/8"),
            dst=ip_network(LO),
            dst_port=80,
            upper=6,
            kind="discard",
        ),
        HostPolicy(
            direction="in",
            src=ip_network(LO),
            dst=ip_network(LO),
            upper=1,
            rules=(HostRule(proto=50, mode="transport", level="unique", reqid=16385),),
        ),
    ],
    notes=["f:19:1: an SA that is not yet agreed upon: left out"],
)
IPSEC_TOOLS = HostConfiguration(
    sas=[
        HostSa(
            proto=50,
            spi=53216,
            src=ip_address("10.0.0.1"),
            dst=ip_address("10.0.0.2"),
            mode="tunnel",
            reqid=16385,
            cipher="3des-cbc",
            enc_key=AES_KEY + AES_KEY[:8],
            auth_key=AES_KEY,
            cuts=(Cut("hmac-md5", 12),),
            window=32,
            udp_ports=(4500,),
        )
    ],
    policies=[
        HostPolicy(direction="in", src=NET_10, dst=HOST_192, kind="none"),
        HostPolicy(
            direction="in",
            src=NET_10,
            dst=HOST_192,
            rules=(
                HostRule(
                    proto=50,
                    mode="tunnel",
                    level="unique",
                    reqid=16385,
                    src=ip_address("1.1.1.1"),
                    dst=ip_address("2.2.2.2"),
                ),
            ),
        ),
        HostPolicy(direction="out", src=NET_10, dst=HOST_192, kind="discard"),
    ],
    policies_left_out=4,
    notes=[
        "f:2:1: a policy for forwarding: left out",
        *(f"f:{line}:1: a socket's own policy: left out" for line in (26, 32, 36)),
    ],
)
DUMPS = {"freebsd.txt": FREEBSD, "netbsd.txt": NETBSD, "ipsec-tools.txt": IPSEC_TOOLS}


def published(name: str) -> str:
    """Return a text that a setkey(8) printed."""
    return (DATA / name).read_text(encoding="utf-8")


def read(*texts: str) -> HostConfiguration:
    """Read texts, the first of which is file f, the second g, and so on."""
    return load_all((text, chr(ord("f") + number)) for number, text in enumerate(texts))


@pytest.mark.parametrize("name", DUMPS)
def test_each_layout_is_read(name: str) -> None:
    """FreeBSD's, NetBSD's and ipsec-tools' way to print give SAs, policies, their order, and notes."""
    text = published(name)
    assert is_dump(text)
    assert read(text) == DUMPS[name]


@pytest.mark.parametrize("name", DUMPS)
def test_line_ends_and_a_mark_do_not_matter(name: str) -> None:
    """CR line ends, a byte order mark, blanks behind a line and spaces for tabs change nothing."""
    text = published(name)
    for changed in (
        text.replace("\n", "\r\n"),
        f"\ufeff{text}",
        text.replace("\n", "  \n"),
        text.replace("\t", "        "),
    ):
        assert is_dump(changed)
        assert read(changed) == DUMPS[name]


@pytest.mark.parametrize("name", DUMPS)
@pytest.mark.parametrize("noise", ["", "# setkey -D", "root@host:~ # date", "$ ", "--- policies ---"])
def test_lines_between_the_entries_do_not_matter(name: str, noise: str) -> None:
    """A shell's prompts, headings and blank lines before every entry change no more than the line numbers."""
    lines = published(name).split("\n")
    apart = "\n".join(line if line[:1] in ("", " ", "\t") else f"{noise}\n{line}" for line in lines)
    assert is_dump(apart)
    assert (read(apart).sas, read(apart).policies) == (DUMPS[name].sas, DUMPS[name].policies)


def test_what_is_printed_twice_is_there_once() -> None:
    """The same output in two files is the same host."""
    text = published("netbsd.txt")
    twice = read(text, text)
    assert (twice.sas, twice.policies) == (NETBSD.sas, NETBSD.policies)
