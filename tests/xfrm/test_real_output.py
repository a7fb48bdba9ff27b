from __future__ import annotations

import pytest

from ipsec_lo_trace.model.policy import Direction, Level
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.xfrm.lines import is_xfrm
from ipsec_lo_trace.xfrm.load import load
from tests.setkey.support import plain
from tests.support import SCENARIOS
from tests.xfrm.support import DATA, entries_of, policies, printed, refused, sas

KEYS = "-E rijndael-cbc 0x00112233445566778899aabbccddeeff"
MAC = "-A hmac-sha1 0x000102030405060708090a0b0c0d0e0f10111213"
LO, A, B = "127.0.0.1", "10.9.9.1", "10.9.9.2"
TRANSPORT = "esp/transport//require"
BUNDLE = "esp/transport//require ah/transport//require"


def both_ways(src: str, dst: str, rules: str) -> str:
    """Write policies that ask for the same in and out."""
    return "".join(f"spdadd {src} {dst} any -P {way} ipsec {rules};\n" for way in ("out", "in"))


SETKEY = {
    "lo1-esp": f"add {LO} {LO} esp 0x1001 -m transport {KEYS} {MAC};" + both_ways(LO, LO, TRANSPORT),
    "ab-esp": (
        f"add {A} {B} esp 0x2001 -m transport {KEYS} {MAC};"
        f"add {B} {A} esp 0x2002 -m transport {KEYS} {MAC};"
        + both_ways(A, B, TRANSPORT)
        + both_ways(B, A, TRANSPORT)
    ),
    "ab-tunnel": (
        f"add {A} {B} esp 0x2005 -m tunnel {KEYS} {MAC};"
        f"add {B} {A} esp 0x2006 -m tunnel {KEYS} {MAC};"
        + both_ways(A, B, f"esp/tunnel/{A}-{B}/require")
        + both_ways(B, A, f"esp/tunnel/{B}-{A}/require")
    ),
    "ab-bundle": (
        f"add {A} {B} esp 0x2009 -m transport {KEYS} {MAC};"
        f"add {B} {A} esp 0x200a -m transport {KEYS} {MAC};"
        f"add {A} {B} ah 0x200b -m transport {MAC};"
        f"add {B} {A} ah 0x200c -m transport {MAC};" + both_ways(A, B, BUNDLE) + both_ways(B, A, BUNDLE)
    ),
}
"""What each pair of outputs says, in setkey(8)'s words and in the order of its making."""


@pytest.mark.parametrize("name", SETKEY)
def test_linux_and_setkey_say_the_same(name: str) -> None:
    """The outputs, in either order, give the databases that the same configuration gives by setkey(8)."""
    state, policy = printed(f"{name}.state"), printed(f"{name}.policy")
    wanted = plain(setkey.load(SETKEY[name], "f").db)
    assert plain(load(state + policy, "f").db) == wanted
    assert plain(load(policy + "\n" + state, "f").db) == wanted


@pytest.mark.parametrize("name", ["ab-tunnel.state-s", "ab-tunnel.state-o"])
def test_statistics_and_one_line_change_nothing(name: str) -> None:
    """With -s there is more text, with -o it is on one line; the SAs are the same."""
    assert plain(load(printed(name), "f").db) == plain(load(printed("ab-tunnel.state"), "f").db)


def test_statistics_of_policies_change_nothing() -> None:
    """With -s the policies are the same, and the one for forwarding is left out, with a note."""
    configuration = load(printed("ab-tunnel.policy-s"), "f")
    assert plain(configuration.db) == plain(load(printed("ab-tunnel.policy"), "f").db)
    assert configuration.notes == ["f:1: a policy for forwarding: left out"]


def test_hidden_keys_are_refused() -> None:
    """Output without keys is of no use; the message says how to get them."""
    error = refused(printed("ab-tunnel.nokeys"))
    assert str(error) == ("f:4:24: the keys are hidden (ip xfrm state prints them to root, without nokeys)")


DELETE = " is not modelled (delete this SA's lines to go on without it)"
KEY16 = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY20 = bytes(range(20))
ZOO = {
    0x3001: ("3des-cbc", 24, "hmac-md5", 16),
    0x3002: ("des-cbc", 8, "hmac-sha1", 20),
    0x3003: ("null", 0, "hmac-sha2-256", 32),
    0x3004: ("rijndael-cbc", 16, "hmac-sha2-256", 32),
    0x3005: "f:4:93: hmac(sha256) cut to 128 bits is not modelled: FAST_IPSEC of 2003 cut all to 96",
    0x3006: ("rijndael-cbc", 16, "", 0),
    0x3007: ("", 0, "hmac-ripemd160", 20),
    0x3008: ("blowfish-cbc", 16, "hmac-sha1", 20),
    0x3009: ("cast128-cbc", 16, "hmac-sha1", 20),
    0x300A: "f:4:2: ciphers that authenticate too are not modelled",
    0x300B: "f:6:2: ESP inside UDP is not modelled",
    0x300C: "f:2:40: mode beet is not modelled",
    0x300D: "f:3:23: extended sequence numbers are not modelled",
    0x300E: "f:6:6: rfc3686(ctr(aes))" + DELETE,
    0x3011: ("rijndael-cbc", 16, "", 0),
    0x3012: "f:4:13: xcbc(aes)" + DELETE,
    0x3013: "f:4:13: hmac(sha512)" + DELETE,
    0x0030: ("deflate", 0, "", 0),
}


@pytest.mark.parametrize("spi", ZOO)
def test_each_kind_of_sa(spi: int) -> None:
    """An SA is taken over if the modelled transforms can do what it asks for, and else refused."""
    (text,) = [text for text in entries_of(printed("zoo.state")) if f"spi 0x{spi:08x} " in text]
    wanted = ZOO[spi]
    if isinstance(wanted, str):
        assert wanted in str(refused(text))
        return
    (sav,) = sas(text)
    assert (sav.cipher, len(sav.enc_key), sav.auth, len(sav.auth_key)) == wanted
    assert (str(sav.index.src), str(sav.index.dst), sav.spi) == (A, B, spi)


def test_details_of_sas() -> None:
    """Keys, mode, reqid, protocol, and a window of 32 packets, which are four bytes of bitmap."""
    by_spi = {f"0x{text.split('spi 0x')[1][:8]}": text for text in entries_of(printed("zoo.state"))}
    (sav,) = sas(by_spi["0x00003002"])
    assert (sav.index.reqid, sav.index.mode) == (7, Mode.TRANSPORT)
    assert sav.replay is not None
    assert sav.replay.window_bytes == 4
    assert sav.auth_key == KEY20
    (sav,) = sas(by_spi["0x00003007"])
    assert sav.index.mode is Mode.TUNNEL
    (sav,) = sas(by_spi["0x00000030"])
    assert sav.proto == IPPROTO_IPCOMP
    notes = load(by_spi["0x00003008"], "f").notes
    assert notes == ["f:7: the SA's own selector is not looked at"]


def test_an_sa_that_is_not_agreed_upon_is_left_out() -> None:
    """Linux lists an SA without algorithms as soon as its SPI is given out; alone it is an error."""
    larval, *_others = entries_of(printed("zoo.state"))
    assert str(refused(larval)).startswith("f: there is no SA and no policy for IPv4 in it")
    configuration = load(larval + printed("lo1-esp.state"), "f")
    assert configuration.notes == ["f:1: an SA without an algorithm, not yet agreed upon: left out"]
    assert [sav.spi for head in configuration.db.sahtree for sav in head.savs] == [0x1001]


def test_what_an_sa_adds_that_no_capture_shows_is_noted() -> None:
    """Marks and interface numbers have a say in Linux's lookup and none here."""
    text = printed("lo1-esp.state") + "\tmark 0x5/0xff output-mark 0x11/0xffffffff\n\tif_id 0x9\n"
    assert load(text, "f").notes == [
        "f:8: the SA's mark is not looked at: a capture does not show it",
        "f:9: the SA's if_id is not looked at: a capture does not show it",
    ]


def test_policies_go_by_priority_then_by_age() -> None:
    """The lowest priority goes first, of two with the same the one that was printed last."""
    text = "".join(
        entry for entry in entries_of(printed("zoo.policy")) if "key 5" not in entry and "type 8" not in entry
    )
    configuration = load(text, "f")
    kinds = [
        (policy.selector.ul_proto, policy.selector.src_port, policy.selector.dst_port, str(policy))
        for policy in configuration.db.sptree[Direction.IN]
    ]
    assert kinds == [
        (255, 0, 0, "none"),
        (6, 0, 0, "none"),
        (4, 0, 0, "none"),
        (132, 7, 0, "none"),
        (89, 0, 0, "none"),
    ]
    kinds = [
        (policy.selector.ul_proto, policy.selector.src_port, policy.selector.dst_port, str(policy))
        for policy in configuration.db.sptree[Direction.OUT]
    ]
    assert kinds == [(17, 53, 0, "discard"), (6, 0, 80, "ipsec esp/transport//use")]
    assert configuration.notes == [
        "f:9: an IPv6 policy: left out",
        "f:13: a policy for packets with a mark: left out",
    ]


def test_a_template_with_a_reqid_wants_that_reqid() -> None:
    """Linux compares a template's reqid with the SA's, which here only unique does."""
    text = printed("lo1-esp.policy").replace("reqid 0", "reqid 7")
    assert {(isr.level, isr.reqid) for policy in policies(text) for isr in policy.requests} == {
        (Level.UNIQUE, 7)
    }


@pytest.mark.parametrize("word", ["key", "type"])
def test_policies_finer_than_those_of_2003_are_refused(word: str) -> None:
    """A policy for one ICMP type or GRE key would be taken for more than it is."""
    (text,) = [text for text in entries_of(printed("zoo.policy")) if f" {word} " in text]
    assert f"a policy for one {word} only is not modelled" in str(refused(text))


def test_the_two_kinds_of_text_are_told_apart() -> None:
    """No scenario of setkey(8) commands is taken for Linux's output, and each real output is."""
    for path in SCENARIOS.glob("*.conf"):
        assert not is_xfrm(path.read_text(encoding="utf-8"))
    for path in DATA.glob("*.txt"):
        assert is_xfrm("\n # a comment\n" + path.read_text(encoding="utf-8"))
    assert not is_xfrm("")
