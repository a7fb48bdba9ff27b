from __future__ import annotations

import contextlib
from pathlib import Path
from random import Random

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey import load as setkey
from ipsec_lo_trace.setkey.load import MAX_FILE_LEN
from ipsec_lo_trace.xfrm.load import load, read_files
from tests.setkey.support import plain
from tests.support import SCENARIOS
from tests.xfrm.support import DATA, entries_of, policies, printed, refused

STATE, POLICY = printed("lo1-esp.state"), printed("lo1-esp.policy")
TUNNEL = printed("ab-tunnel.policy")
SA = " (delete this SA's lines to go on without it)"
ONE_POLICY = " (delete this policy's lines to go on without it)"
LINE = " (delete the line if it does not matter)"
KEY = "0x00112233445566778899aabbccddeeff"
MAC = "0x000102030405060708090a0b0c0d0e0f10111213"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("src 127.0.0.1 dst 127.0.0.1", "src 127.0.0.1 dst lo", "f:1:19: lo where an address should be"),
        ("src 127.0.0.1 dst 127.0.0.1", "src 127.0.0.1", "f:1:1: dst is missing from this line"),
        (
            "src 127.0.0.1 dst 127.0.0.1",
            "src 127.0.0.1 via",
            "f:1:15: via is not known here (one of src, dst)",
        ),
        ("src 127.0.0.1", "src 127.0.0.1 src 127.0.0.1", "f:1:15: src stands here twice"),
        ("dst 127.0.0.1\n", "dst\n", "f:1:15: nothing stands behind dst"),
        ("proto esp", "proto hao", f"f:2:8: hao where esp, ah or comp should be{SA}"),
        ("proto esp ", "", "f:2:2: spi is not known in an SA" + LINE),
        (" mode transport", "", "f:1:1: mode is missing from this line"),
        ("mode transport", "mode ro", f"f:2:40: mode ro is not modelled{SA}"),
        (
            "0x00001001",
            "0x1000000010",
            "f:2:16: 0x... where an SPI should be (a number from 0 to 4294967295)",
        ),
        ("0x00001001", "4294967296", "f:2:16: 4294967296 where an SPI should be (a number from 0 to 42"),
        ("0x00001001", "many", "f:2:16: many where an SPI should be"),
        ("reqid 0", "reqid x", "f:2:33: x where a reqid should be"),
        ("window 0", "window", "f:3:2: nothing stands behind replay-window"),
        ("window 0", "window -1", "f:3:16: -1 where a replay window should be"),
        ("hmac(sha1)", "hmac(foo)", f"f:4:13: hmac(foo) is not modelled{SA}"),
        (
            " 96",
            " 160",
            "f:4:67: hmac(sha1) cut to 160 bits is not modelled: FAST_IPSEC of 2003 cut all to 96",
        ),
        (MAC + " 96", "96", "f:4:13: hmac(sha1) has no key"),
        (MAC, MAC[2:], "f:4:24: this is not a key (0x and two hexadecimal digits for each byte)"),
        (MAC, MAC[:-1], "f:4:24: this is not a key"),
        (MAC, f"{MAC} {MAC}", "f:4:67: more than a key stands behind the algorithm"),
        ("auth-trunc hmac(sha1)", "auth-trunc #", "f:4:13: # is not modelled"),
        ("enc cbc(aes)", "enc ecb(aes)", f"f:5:6: ecb(aes) is not modelled{SA}"),
        ("cbc(aes) " + KEY, "", "f:5:2: no algorithm stands behind enc"),
        (KEY, "0x00", "f:5:6: cbc(aes) cannot have a key of 1 bytes"),
        (KEY, "", "f:5:6: cbc(aes) cannot have a key of 0 bytes"),
        (KEY, "(ERROR truncated)", "f:5:22: more than a key stands behind the algorithm"),
        ("enc cbc(aes) " + KEY, "comp lzs", f"f:5:7: lzs is not modelled{SA}"),
        ("sel src", "sel from", "f:7:6: from is not known here"),
        ("\tsel", "\tsell", "f:7:2: sell is not known in an SA" + LINE),
        ("src 127", "dst 127", "f:1:1: dst where an SA or a policy should begin"),
    ],
)
def test_a_faulty_sa_is_told_with_its_place(old: str, new: str, message: str) -> None:
    """Each mistake in an SA is one message with line and column, and no message shows a key."""
    assert old in STATE
    error = refused(STATE.replace(old, new, 1))
    assert message in str(error)
    assert MAC[2:-1] not in f"{error} {error.token}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("127.0.0.1/32", "127.0.0.1/33", "f:1:5: 127.0.0.1/33 where a network should be"),
        ("127.0.0.1/32 dst", "127.0.0.1/32 to", "f:1:18: to is not known here"),
        (
            "/32 \n",
            "/32 proto nope\n",
            "f:1:41: nope is not a protocol of the built-in list (write its number)",
        ),
        ("/32 \n", "/32 proto 255\n", "f:1:41: 255 where a protocol should be (a number from 0 to 254)"),
        ("/32 \n", "/32 proto \u0663\n", "f:1:41: \\u0663 is not a protocol of the built-in list"),
        ("/32 \n", "/32 proto tcp sport 65536\n", "f:1:51: 65536 where a port should be"),
        ("dir in", "dir up", "f:2:6: up where in, out or fwd should be"),
        ("dir in", "dir in action maybe", "f:2:16: maybe where allow or block should be"),
        ("priority 0", "priority low", "f:2:18: low where a priority should be"),
        ("priority 0", "prio 0", "f:2:9: prio is not known here"),
        ("tmpl src", "tmpl from", "f:3:7: from is not known here"),
        ("tmpl", "templ", "f:3:2: templ is not known in a policy" + LINE),
        (
            "tmpl src 127.0.0.1 dst 127.0.0.1",
            "tmpl src ::1 dst ::1",
            "f:3:11: ::1 where an address should be",
        ),
        ("proto esp", "proto route2", f"f:4:9: route2 where esp, ah or comp should be{ONE_POLICY}"),
        ("mode transport", "mode beet", f"f:4:26: mode beet is not modelled{ONE_POLICY}"),
        ("mode transport", "mode transport\n\t\tlevel 3", "f:5:9: 3 where required or use should be"),
    ],
)
def test_a_faulty_policy_is_told_with_its_place(old: str, new: str, message: str) -> None:
    """Each mistake in a policy is one message with line and column."""
    (text, _outbound) = entries_of(POLICY)
    assert old in text
    assert message in str(refused(text.replace(old, new, 1)))


def test_a_template_for_one_spi_is_noted() -> None:
    """A template may name an SPI, which the modelled kernel does not compare."""
    text = POLICY.replace("proto esp reqid", "proto esp spi 0x00001001 reqid", 1)
    assert load(text, "f").notes == ["f:4: a template's SPI is not looked at"]


def test_nothing_at_all() -> None:
    """An empty text has no entries; Linux prints one where there are no SAs."""
    assert "f: there is no SA and no policy for IPv4 in it" in str(refused(""))


def test_a_tunnel_must_have_an_end() -> None:
    """Where the tunnel begins may be open, where it ends may not."""
    _forward, text, *_rest = entries_of(TUNNEL)
    (policy,) = policies(text.replace("tmpl src 10.9.9.2", "tmpl src 0.0.0.0"))
    (isr,) = policy.requests
    assert (isr.mode, isr.src, str(isr.dst)) == (Mode.TUNNEL, None, "10.9.9.1")
    error = refused(text.replace("dst 10.9.9.1\n", "dst 0.0.0.0\n", 1))
    assert "f:3:24: a tunnel without an end" in str(error)


@pytest.mark.parametrize(
    ("head", "direction", "note"),
    [
        ("src 10.9.9.1/32 dst 10.9.9.2/32 dev eth0", "dir in", "a policy for eth0"),
        ("src 10.9.9.1/32 dst 10.9.9.2/32", "socket in", "a socket's own policy"),
        ("src 10.9.9.1/32 dst 10.9.9.2/32", "dir in priority 0 ptype sub", "a policy of type sub"),
        ("src 10.9.9.1/32 dst 10.9.9.2/32", "dir in\n\tif_id 0x4", "a policy for packets with a if_id"),
        ("src ::/0 dst ::/0", "dir in", "an IPv6 policy"),
    ],
)
def test_policies_without_a_say_on_lo_are_left_out(head: str, direction: str, note: str) -> None:
    """What decides about other packets than those of lo is left out, with a note."""
    assert load(f"{head}\n\t{direction}\n{POLICY}", "f").notes == [f"f:1: {note}: left out"]


def test_a_policy_for_lo_counts() -> None:
    """An interface lo in a policy's selector is what is captured anyway."""
    text = "src 10.9.9.1/32 dst 10.9.9.2/32 dev lo \n\tdir in priority 1 \n"
    (policy,) = policies(text)
    assert str(policy) == "none"
    twice = load(text + text.replace("dev lo ", "").replace("dir in", "dir in action block"), "f").db
    assert [str(policy) for policies in twice.sptree.values() for policy in policies] == ["discard", "none"]
    assert [str(policy) for policy in twice.by_selector.values()] == ["discard"]


def test_an_sa_of_ipv6_is_left_out() -> None:
    """IPv6 is noted, and nothing of the SA is looked at."""
    text = "src 2001:db8::1 dst 2001:db8::2\n\tproto esp spi 0x1 mode none\n\taead whatever\n"
    assert load(text + STATE, "f").notes == ["f:1: an IPv6 SA, left out"]


def test_algorithms_that_do_not_go_with_the_protocol() -> None:
    """Without what its protocol must have, an SA is none yet, whatever else it has."""
    for line in ("comp deflate ", f"auth-trunc hmac(sha1) {MAC} 96"):
        head = "src 10.9.9.1 dst 10.9.9.2\n\tproto esp spi 0x00001001 reqid 0 mode transport\n"
        notes = load(f"{head}\t{line}\n{STATE}", "f").notes
        assert notes == ["f:1: an SA without an algorithm, not yet agreed upon: left out"]
    error = refused(STATE.replace("proto esp", "proto ah").replace(f"hmac(sha1) {MAC} 96", "digest_null  0"))
    assert str(error) == f"f:2:8: AH must authenticate{SA}"


def test_the_same_sa_twice() -> None:
    """The output of two days in one file would leave open which SA counts."""
    assert (
        str(refused(STATE + STATE)) == "f:8:1: SA esp 0x00001001 to 127.0.0.1 stands here for the second time"
    )


def test_an_entry_of_one_line() -> None:
    """An output that was cut off behind its first line is not whole."""
    assert "f:1:1: nothing stands below this line" in str(refused("src 127.0.0.1 dst 127.0.0.1"))


def test_files(tmp_path: Path) -> None:
    """Several files of Linux's output are one configuration; setkey(8) commands stand alone."""
    state, policy = str(DATA / "ab-esp.state.txt"), str(DATA / "ab-esp.policy.txt")
    conf = str(SCENARIOS / "ab-esp.conf")
    both = load(printed("ab-esp.state") + printed("ab-esp.policy"), "f")
    assert plain(read_files([state, policy]).db) == plain(both.db)
    assert plain(read_files([conf]).db) == plain(setkey.read_file(conf).db)
    with pytest.raises(UserError, match=r"ab-esp.conf: of several files, each must hold what ip xfrm prints"):
        read_files([state, conf])
    with pytest.raises(UserError, match="second time"):
        read_files([state, state])
    (tmp_path / "big").write_bytes(b"#" * (MAX_FILE_LEN + 1))
    with pytest.raises(UserError, match="larger than"):
        read_files([str(tmp_path / "big")])


WORDS = (
    "0",
    "0x",
    "-1",
    "99999999999",
    "::",
    "src",
    "proto",
    "dir",
    "tmpl",
    "enc",
    "\\",
    "\0",
    "\u0663",
    "<<",
    "\r",
)


def mutant(text: str, random: Random) -> str:
    """Change a few places of a text: a word, a character, a line left out or twice, the end cut off."""
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(text) + 1)
        rest = text[at:]
        match random.randrange(5):
            case 0:
                rest = random.choice(WORDS) + rest[random.randrange(12) :]
            case 1:
                rest = chr(random.randrange(256)) + rest[1:]
            case 2:
                rest = rest[rest.find("\n") + 1 :]
            case 3:
                rest = rest[: random.randrange(80)] + rest
            case _:
                rest = rest[: random.randrange(len(rest) + 1)] if random.random() < 0.3 else rest[1:]
        text = text[:at] + rest
    return text


def mutated(texts: list[str], seed: int) -> list[str]:
    """Make 2,000 mutants, the same ones in every run."""
    random = Random(seed)  # noqa: S311 -- the same mutants in every run
    return [mutant(texts[number % len(texts)], random) for number in range(2_000)]


def refusal_of(text: str) -> UserError | None:
    """Return the error that a text ends in, if it ends in one; its place must be in the text."""
    try:
        load(text, "f")
    except UserError as error:
        assert error.line <= text.count("\n") + 1  # noqa: PT017 -- a text may be right as well
        return error
    return None


@pytest.mark.slow
def test_mutants_of_linux_output_make_no_exception_but_ours() -> None:
    """Each of 2,000 mutated outputs is read or refused, and a refusal points into the text."""
    refusals = [
        refusal
        for text in mutated([printed(path.stem) for path in sorted(DATA.glob("*.txt"))], 6)
        if (refusal := refusal_of(text)) is not None
    ]
    assert 800 < len(refusals) < 2_000


@pytest.mark.slow
def test_mutants_of_setkey_texts_make_no_exception_but_ours() -> None:
    """Each of 2,000 mutated texts of setkey(8) commands is read or refused."""
    for text in mutated([path.read_text(encoding="utf-8") for path in sorted(SCENARIOS.glob("*.conf"))], 7):
        with contextlib.suppress(UserError):
            setkey.load(text, "f")
