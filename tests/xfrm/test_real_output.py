from __future__ import annotations

import re
from ipaddress import ip_address

import pytest

from ipsec_lo_trace.model.host import Cut
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.xfrm.kernel import kernel_configuration
from ipsec_lo_trace.xfrm.load import load, load_all
from tests.setkey.support import plain
from tests.xfrm import writer
from tests.xfrm.support import LINUX2, PAIRS, entries_of, only_sa, printed, said

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
    """For the kernel of 2003 the outputs, in either order, give what setkey(8) would have made."""
    state, policy = printed(f"{name}.state"), printed(f"{name}.policy")
    wanted = plain(setkey.load(SETKEY[name], "f").db)
    for text in (state + policy, policy + "\n" + state):
        assert plain(kernel_configuration(load(text, "f"), text).db) == wanted


@pytest.mark.parametrize("name", ["ab-tunnel.state-s", "ab-tunnel.state-o", "ab-tunnel.policy-s"])
def test_statistics_and_one_line_change_nothing(name: str) -> None:
    """With -s there is more text, with -o it is on one line; it says the same."""
    bare = re.sub("-[so]$", "", name)
    assert said(load(printed(name), "f")) == said(load(printed(bare), "f"))


@pytest.mark.parametrize("form", ["state-d", "state-o", "state-ss", "policy", "policy-o"])
def test_every_form_of_one_host_says_the_same(form: str) -> None:
    """Whatever options ip was called with, the host is the same one."""
    kind = form.split("-", maxsplit=1)[0]
    told = said(load((LINUX2 / "texts" / f"swan.{form}.txt").read_text(encoding="utf-8"), "f"))
    assert told == said(load((LINUX2 / f"swan.{kind}.txt").read_text(encoding="utf-8"), "f"))


def test_hidden_keys_leave_what_is_known() -> None:
    """Without keys each SA is known by its ends and SPI; a note says how to get them."""
    read = load(printed("ab-tunnel.nokeys"), "f")
    assert [(sa.spi, sa.mode, sa.opaque) for sa in read.sas] == [
        (0x2005, "tunnel", "the keys are hidden"),
        (0x2006, "tunnel", "the keys are hidden"),
    ]
    assert read.notes[0] == (
        "f:4:24: the keys are hidden (ip xfrm state prints them to root, without nokeys): "
        "packets of this SA are not opened"
    )
    assert len(read.notes) == 2


KEY16 = bytes.fromhex("00112233445566778899aabbccddeeff")
KEY20 = bytes(range(20))
ZOO: dict[int, tuple[str, int, str, int, int]] = {
    0x3001: ("3des-cbc", 24, "hmac-md5", 16, 12),
    0x3002: ("des-cbc", 8, "hmac-sha1", 20, 12),
    0x3003: ("null", 0, "hmac-sha2-256", 32, 12),
    0x3004: ("rijndael-cbc", 16, "hmac-sha2-256", 32, 12),
    0x3005: ("rijndael-cbc", 16, "hmac-sha256-128", 32, 16),
    0x3006: ("rijndael-cbc", 16, "", 0, 0),
    0x3007: ("", 0, "hmac-ripemd160", 20, 12),
    0x3008: ("blowfish-cbc", 16, "hmac-sha1", 20, 12),
    0x3009: ("cast128-cbc", 16, "hmac-sha1", 20, 12),
    0x300A: ("aes-gcm", 20, "", 0, 16),
    0x300B: ("rijndael-cbc", 16, "hmac-sha1", 20, 12),
    0x300D: ("rijndael-cbc", 16, "hmac-sha1", 20, 12),
    0x300E: ("aes-ctr", 20, "hmac-sha1", 20, 12),
    0x3011: ("rijndael-cbc", 16, "", 0, 0),
    0x3012: ("rijndael-cbc", 16, "aes-xcbc-mac", 16, 12),
    0x3013: ("rijndael-cbc", 16, "hmac-sha512", 64, 32),
    0x0030: ("deflate", 0, "", 0, 0),
}


def zoo(spi: int) -> str:
    """Return the text of one SA of the zoo."""
    (text,) = [text for text in entries_of(printed("zoo.state")) if f"spi 0x{spi:08x} " in text]
    return text


@pytest.mark.parametrize("spi", ZOO)
def test_each_kind_of_sa(spi: int) -> None:
    """An SA of each kind has the algorithms, keys and cut that its text names."""
    sa = only_sa(zoo(spi))
    (cut,) = sa.cuts or (Cut("", 0),)
    assert (sa.cipher, len(sa.enc_key), cut.auth, len(sa.auth_key), cut.icv_len) == ZOO[spi]
    assert (str(sa.src), str(sa.dst), sa.spi, sa.opaque) == (A, B, spi, "")


def test_details_of_sas() -> None:
    """Keys, mode, reqid, protocol, extended numbers, the ends inside BEET; a selector is noted."""
    sa = only_sa(zoo(0x3002))
    assert (sa.reqid, sa.mode, sa.window, sa.auth_key, sa.seq_hi) == (7, "transport", 32, KEY20, None)
    assert only_sa(zoo(0x3007)).mode == "tunnel"
    assert only_sa(zoo(0x30)).proto == 108
    assert only_sa(zoo(0x300D)).seq_hi == (0,)
    beet = only_sa((LINUX2 / "beet-gcm.state.txt").read_text(encoding="utf-8").split("src 10.9.8.1")[0])
    assert (beet.mode, beet.inner) == ("beet", (ip_address(B), ip_address(A)))
    assert only_sa(zoo(0x300C)).opaque == "a BEET SA whose selector names no two addresses"
    assert load(zoo(0x3008), "f").notes == ["f:7:2: the SA's own selector is not looked at"]


def test_a_whole_zoo_is_read() -> None:
    """One SA of each kind, one policy of each kind: all are there but what has no say on lo."""
    read = load_all([(printed("zoo.state"), "s"), (printed("zoo.policy"), "p")])
    assert [sa.spi for sa in read.sas if sa.opaque] == [0x300C]
    assert len(read.sas) == len(ZOO) + 1
    assert [note.split(": ", 1)[0] for note in read.notes] == ZOO_NOTES
    assert not [policy for policy in read.policies if policy.kind == "unknown"]


@pytest.mark.parametrize("name", PAIRS)
def test_todays_hosts_are_read_whole(name: str) -> None:
    """Of each host all that is for lo is read: printed again, it is the lines that were read."""
    state, policy = (
        (LINUX2 / f"{name}.{kind}.txt").read_text(encoding="utf-8") for kind in ("state", "policy")
    )
    read = load_all([(state, "state"), (policy, "policy")])
    agreed = [entry for entry in entries_of(state) if "spi 0x00000000" not in entry]
    assert [essence(writer.state(sa)) for sa in reversed(read.sas)] == [
        essence(entry.split("\n")) for entry in agreed
    ]
    heard = [entry for entry in entries_of(policy) if not re.search("dir fwd|socket|dev ex0", entry)]
    assert sorted(essence(writer.policy(one)) for one in read.policies) == sorted(
        essence(entry.split("\n")) for entry in heard
    )
    assert not [sa for sa in read.sas if sa.opaque]
    assert not [one for one in read.policies if one.kind == "unknown"]


def essence(lines: list[str]) -> list[str]:
    """Return what lines say of ends, transforms, keys and selectors, but not of marks and counts."""
    kept = [line.strip() for line in lines if re.match(ESSENCE, line.strip())]
    plain = [re.sub(r" dev lo| ?ptype main| flag.*|priority \d+", "", line).strip() for line in kept]
    # An SA's direction is nobody's business here, and no more is a template's SPI.
    is_policy = "/" in plain[0]
    plain = [line for line in plain if is_policy or not line.startswith("dir")]
    return [re.sub(r" spi 0x\w+", "", line) if is_policy else line for line in plain]


ESSENCE = "src|proto|auth-trunc|enc |aead|comp|dir|level"


def test_an_sa_that_is_not_agreed_upon_is_left_out() -> None:
    """Linux lists an SA without algorithms as soon as its SPI is given out."""
    larval, *_others = entries_of(printed("zoo.state"))
    configuration = load(larval + printed("lo1-esp.state"), "f")
    assert configuration.notes == ["f:1:1: an SA without an algorithm, not yet agreed upon: SA left out"]
    assert [sa.spi for sa in configuration.sas] == [0x1001]


def test_what_an_sa_adds_that_no_capture_shows_is_noted() -> None:
    """Marks, interface numbers and security contexts have a say in Linux's lookup and none here."""
    more = "\tmark 0x5/0xff output-mark 0x11/0xffffffff\n\tif_id 0x9\n\tsecurity context a:b:c \n"
    read = load(printed("lo1-esp.state") + more, "f")
    assert read.notes == [
        "f:8:2: the SA's mark is not looked at: no capture shows it",
        "f:9:2: the SA's if_id is not looked at: no capture shows it",
        "f:10:2: the SA's security context is not looked at: no capture shows it",
    ]
    assert [sa.opaque for sa in read.sas] == [""]


def test_policies_go_by_priority_then_by_age() -> None:
    """The lowest priority goes first, of two with the same the one that was printed last."""
    read = load(printed("zoo.policy"), "f")
    kinds = [
        (one.direction, one.upper, one.src_port, one.dst_port, one.kind, one.condition)
        for one in read.policies
        if one.src is not None and one.src.version == 4
    ]
    assert kinds == ZOO_POLICIES


ZOO_POLICIES = [
    ("in", 255, None, None, "none", ""),
    ("in", 6, None, None, "none", ""),
    ("in", 4, None, None, "none", ""),
    ("in", 132, 7, None, "none", ""),
    ("out", 17, 53, None, "discard", ""),
    ("in", 89, None, None, "none", ""),
    ("in", 47, None, None, "none", "a GRE key"),
    ("in", 255, None, None, "ipsec", "a mark and an if_id"),
    ("out", 1, 8, None, "ipsec", ""),
    ("out", 6, None, 80, "ipsec", ""),
]
ZOO_NOTES = ["s:1:1", "s:30:2", "s:34:2", "s:47:2", "s:79:2", "s:86:2", "p:15:2", "p:22:47"]


def test_a_template_with_a_reqid_wants_that_reqid() -> None:
    """Linux compares a template's reqid with the SA's."""
    text = printed("lo1-esp.policy").replace("reqid 0", "reqid 7")
    found = {(rule.level, rule.reqid) for one in load(text, "f").policies for rule in one.rules}
    assert found == {("unique", 7)}


def test_ends_are_of_either_family() -> None:
    """An IPv6 SA's ends are IPv6 addresses."""
    read = load((LINUX2 / "v6-lo-cbc.state.txt").read_text(encoding="utf-8"), "f")
    assert {sa.dst for sa in read.sas} == {ip_address("::1")}
