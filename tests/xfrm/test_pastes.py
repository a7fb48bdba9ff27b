from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.xfrm.load import load
from ipsec_lo_trace.xfrm.shapes import is_blank, is_xfrm
from tests.support import SCENARIOS
from tests.xfrm.support import DATA, LINUX2, PAIRS, entries_of, printed, said

STATE, POLICY = printed("ab-esp.state"), printed("ab-esp.policy")
PLAIN = said(load(STATE + POLICY, "f"))

PROMPTS = [
    *(
        "root@host:~#",
        "root@host:/etc/ipsec.d#",
        "[root@h ~]#",
        "[user@gate01 dir with space]$",
        "host#",
        "$",
        "%",
    ),
    *(
        "user@h:~$",
        "sh-5.1#",
        "bash-4.4$",
        "linux-abcd:~ #",
        "(venv) root@h:~#",
        "vyos@vyos:~$",
        "\u276f",
        "\u279c  ~",
    ),
]
CALLS = [
    *("ip xfrm state", "ip -s xfrm policy", "sudo ip xfrm state", "ip x s", "/sbin/ip -o xfrm policy list"),
    *(
        "ip netns exec vpn ip -s xfrm state",
        "ip -n vpn xfrm policy",
        "ip xfrm policy > policy.txt",
        "uname -a",
        "",
    ),
]
HEADINGS = [
    *(
        "== state ==",
        "=== ip xfrm policy ===",
        "--- policy",
        "----------",
        "```",
        "```console",
        "~~~~",
        "***",
    ),
    *("SAD:", "SPD:", "State:", "The SAs on host A:", "### policies", "[source,terminal]", ".Example output"),
    *(
        "+ ip xfrm state",
        "+ date",
        "* the policies",
        "ip xfrm state",
        "sudo ip -s xfrm policy",
        "xfrm state:",
    ),
    *("<pre>", "Security policies", "policy", "states", "# a comment"),
]
GARBAGE = [
    *(
        "Linux host 6.1.0 #1 SMP x86_64 GNU/Linux",
        "000 using kernel interface: xfrm",
        "Fri Mar 28 20:49:10 UTC 2025",
    ),
    *(
        "RTNETLINK answers: Operation not permitted",
        "PING 172.16.110.8 (172.16.110.8) 56(84) bytes of data.",
        "\x00\x01",
    ),
    *(
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536",
        "Security Associations (1 up, 0 connecting), all",
        "\u0663\u0664",
        "0x00",
    ),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("prompt", PROMPTS)
def test_prompts_between_the_lines(prompt: str, call: str) -> None:
    """A terminal's prompt, with whatever was called, brings nothing and costs nothing."""
    shell = f"{prompt} {call}".rstrip() + "\n"
    read = load(f"{shell}{STATE}{shell}{shell}{POLICY}{shell}", "f")
    assert (said(read), read.notes) == (PLAIN, [])
    assert is_blank(shell)


@pytest.mark.parametrize("heading", HEADINGS)
def test_headings_between_the_lines(heading: str) -> None:
    """So do headings, fences and comments."""
    read = load(f"{heading}\n{STATE}\n{heading}\n\n{POLICY}{heading}\n", "f")
    assert (said(read), read.notes) == (PLAIN, [])
    assert is_blank(heading)


@pytest.mark.parametrize("garbage", GARBAGE)
def test_other_lines_are_noted(garbage: str) -> None:
    """What belongs to no SA and no policy is noted once where it begins, and the rest is as it was."""
    entries = [entry.replace("\t", "  ") for entry in entries_of(STATE + POLICY)]
    for at in range(len(entries) + 1):
        read = load("".join([*entries[:at], f"{garbage}\n{garbage} again\n", *entries[at:]]), "f")
        line = sum(entry.count("\n") for entry in entries[:at]) + 1
        assert said(read) == PLAIN
        assert read.notes == [f"f:{line}:1: 2 lines that belong to no SA and no policy: left out"]


def test_the_output_of_other_commands() -> None:
    """A whole session is read: what other commands print is left out."""
    links = "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n    link/loopback 00:00:00:00:00:00\n"
    links += "    inet 127.0.0.1/8 scope host lo\n"
    shell = "root@h:~# ip"
    session = f"{shell} xfrm state\n{STATE}{shell} addr show lo\n{links}{shell} xfrm policy\n{POLICY}"
    read = load(session, "f")
    assert said(read) == PLAIN
    assert len(read.notes) == 1


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", "> ", "> > ", ">> ", ">", "    ", "\ufeff"])
def test_quoted_and_indented_texts(quote: str, ending: str) -> None:
    """A mail's or a page's copy says the same as the terminal."""
    lines = [f"{quote}{line}{ending}" for line in (STATE + POLICY).split("\n")]
    read = load("".join(lines), "f")
    assert (said(read), read.notes) == (PLAIN, [])


def test_texts_without_indentation() -> None:
    """Where a paste lost its indentation, the words say what a line is."""
    text = "\n".join(line.strip() for line in (STATE + POLICY).split("\n"))
    read = load(text, "f")
    assert (said(read), read.notes) == (PLAIN, [])


def test_a_line_that_may_be_a_policys_is_taken_for_one() -> None:
    """Without indentation nobody can tell a strange line from the policy's own: it may ask for anything."""
    stripped = "\n".join(line.strip() for line in entries_of(POLICY)[0].split("\n"))
    for strange in ("sideways 7\n", "tmp src 10.9.9.1 dst 10.9.9.2\n"):
        (one,) = load(stripped + strange, "f").policies
        assert one.kind == "unknown"
        (one,) = load(stripped.replace("tmpl", f"{strange}tmpl"), "f").policies
        assert one.kind == "unknown"


@pytest.mark.parametrize("word", ["Deleted", "Updated", "Expired"])
def test_what_a_monitor_tells_belongs_to_no_entry(word: str) -> None:
    """What ip xfrm monitor is whole entries behind a word: left out, and nothing above changes."""
    read = load(f"{STATE}{POLICY}{word} {entries_of(STATE)[0]}", "f")
    assert said(read) == PLAIN
    assert len(read.notes) == 1


def test_commands_that_make_sas_are_no_output() -> None:
    """A script that adds SAs is not what ip xfrm prints; it is noted."""
    script = "ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1 \\\n  enc 'cbc(aes)' 0x00\n"
    read = load(STATE + POLICY + script, "f")
    assert said(read) == PLAIN
    assert read.notes == ["f:31:1: 2 lines that belong to no SA and no policy: left out"]
    assert is_xfrm(script)
    assert not is_blank(script)


ASIDES = st.sampled_from(
    [*HEADINGS, *[f"{prompt} {call}" for prompt in PROMPTS for call in CALLS], "", "   "]
)


@given(st.lists(st.tuples(st.integers(0, 8), ASIDES), max_size=8), st.sampled_from(PAIRS))
def test_asides_anywhere_between_entries(asides: list[tuple[int, str]], name: str) -> None:
    """However many prompts, headings and blank lines stand between entries, they change nothing."""
    text = "".join(
        (LINUX2 / f"{name}.{kind}.txt").read_text(encoding="utf-8") for kind in ("state", "policy")
    )
    entries = entries_of(text)
    for at, aside in asides:
        entries.insert(min(at, len(entries)), f"{aside}\n")
    read, bare = load("".join(entries), "f"), load(text, "f")
    assert said(read) == said(bare)
    assert len(read.notes) == len(bare.notes)


def test_the_kinds_of_text_are_told_apart() -> None:
    """No scenario of setkey(8) commands is taken for Linux's output, and each real output is."""
    for path in SCENARIOS.glob("*.conf"):
        text = path.read_text(encoding="utf-8")
        assert not is_xfrm(text)
        assert not is_blank(text)
    for path in [*DATA.glob("*.txt"), *LINUX2.glob("**/*.txt")]:
        text = path.read_text(encoding="utf-8")
        assert is_xfrm(f"\n # a comment\n{text}") != is_blank(text)
    for blank in ("", "\n \n", "# a comment\n", "root@h:~# ip xfrm state\nroot@h:~# \n"):
        assert is_blank(blank)
    assert is_xfrm("root@h:~# ip xfrm state\n")
    assert not is_xfrm("# ip xfrm state\nadd 10.0.0.1 10.0.0.2 esp 0x1000 -E des-cbc 0x0011223344556677;\n")
