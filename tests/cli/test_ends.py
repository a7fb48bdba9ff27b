"""What a file is about is what is traced, and a run in which nothing was protected proves nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace import Setup, UserError
from ipsec_lo_trace import ping as ping_in_python
from tests.cli.support import Done, assert_refused, invoke

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
TWO, WILDCARD, LOOPBACK = (
    str(EXAMPLES / f"{name}.conf") for name in ("two-addresses", "wildcard", "loopback")
)
OUT, IN = "-P out ipsec esp/transport//use ;", "-P in ipsec esp/transport//use ;"
AUTO = "ends    those of the first IPsec policy, made local (--ends auto)"


def written(folder: Path, *lines: str) -> str:
    """Write a configuration; return its path."""
    path = folder / "own.conf"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return str(path)


def head(*arguments: str) -> dict[str, Any]:
    """Return the run record of a ping."""
    run: dict[str, Any] = invoke("ping", *arguments, "--format", "jsonl").records[0]
    return run


def ends(*arguments: str) -> tuple[str, str, bool, list[str], str]:
    """Return what a ping's run record says of its ends."""
    run = head(*arguments)
    return run["src"], run["dst"], run["bound"], run["local"], run["ends"]


NOBODY_S = ("127.0.0.1", "127.0.0.1", False, ["127.0.0.1"], "")
A_TO_B = ("10.9.9.1", "10.9.9.2", True, ["10.9.9.1", "10.9.9.2", "127.0.0.1"], "auto")


def test_a_file_about_one_pair_is_traced_between_the_two() -> None:
    """Without HOST and -I the ends are the file's, they are local, and every form of the head says so."""
    assert ends("-f", TWO) == A_TO_B
    done = invoke("ping", "-f", TWO, "-v")
    assert (done.code, done.err) == (0, "")
    assert AUTO in done.lines
    assert AUTO in invoke("ping", "-f", TWO).out.decode().splitlines()
    assert "| ends |" in invoke("ping", "-f", TWO, "--format", "md").out.decode()


@pytest.mark.parametrize("given", [["127.0.0.1"], ["-I", "127.0.0.1"]])
def test_ends_that_are_given_hold(given: list[str]) -> None:
    """With HOST or -I the file gives no ends, and a warning says what to type for its first policy."""
    option = "HOST" if len(given) == 1 else "-I"
    assert ends("-f", TWO, *given)[:2] == NOBODY_S[:2]
    done = invoke("ping", "-q", "-f", TWO, *given)
    assert done.code == 0
    assert done.err == (
        f"ipsec-lo-trace: {TWO}: 4 policies, and none is about a ping from 127.0.0.1 to 127.0.0.1: nothing is"
        f" protected (--ends auto instead of {option} takes those of the first: 10.9.9.1 to 10.9.9.2)\n"
    )


def test_what_the_warning_says_to_type_helps() -> None:
    """--ends auto traces a file about networks between the ends of the SA that fits them."""
    assert ends("-f", WILDCARD) == NOBODY_S
    assert "--ends auto takes those of the first" in invoke("ping", "-q", "-f", WILDCARD).err
    assert ends("-f", WILDCARD, "--ends", "auto") == A_TO_B
    assert invoke("ping", "-q", "-f", WILDCARD, "--ends", "auto").err == ""


def test_a_file_about_127_0_0_1_is_as_it_was() -> None:
    """A file about 127.0.0.1 takes nothing from anywhere, and its head does not speak of it."""
    for given in ([], ["--ends", "auto"]):
        assert ends("-f", LOOPBACK, *given) == NOBODY_S


PAIRS: dict[str, tuple[list[str], tuple[str, str] | None, tuple[str, str]]] = {
    "one host": ([f"spdadd 10.0.0.1 10.0.0.1 any {OUT}"], ("10.0.0.1", "10.0.0.1"), ("10.0.0.1", "10.0.0.1")),
    "inbound alone": (
        [f"spdadd 10.0.0.1 10.0.0.2 any {IN}"],
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.2"),
    ),
    "outbound goes first": (
        [f"spdadd 10.0.0.2 10.0.0.1 any {IN}", f"spdadd 10.0.0.1 10.0.0.2 any {OUT}"],
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.2"),
    ),
    "two pairs": (
        [f"spdadd 10.0.0.1 10.0.0.2 any {OUT}", f"spdadd 10.0.0.1 10.0.0.3 any {OUT}"],
        None,
        ("10.0.0.1", "10.0.0.2"),
    ),
    "another kind of policy": (
        ["spdadd 10.0.0.7 10.0.0.8 any -P out none ;", f"spdadd 10.0.0.1 10.0.0.2 any {OUT}"],
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.1", "10.0.0.2"),
    ),
    "networks without an SA": (
        [f"spdadd 10.1.0.0/16 10.2.0.0/31 any {OUT}"],
        None,
        ("10.1.0.1", "10.2.0.0"),
    ),
    "everything": ([f"spdadd 0.0.0.0/0 10.0.0.2 any {OUT}"], None, ("127.0.0.1", "10.0.0.2")),
    "a group": (
        [f"spdadd 10.0.0.1 224.0.0.1 any {OUT}", f"spdadd 10.0.0.1 10.0.0.2 any {OUT}"],
        None,
        ("10.0.0.1", "10.0.0.2"),
    ),
}
"""A file, the ends that it has by itself (None: 127.0.0.1), and those that --ends auto takes."""


@pytest.mark.parametrize("what", PAIRS)
def test_which_ends_a_file_is_about(what: str, tmp_path: Path) -> None:
    """Only one pair of hosts is taken unasked; asked for, the first IPsec policy whose ends can be local."""
    lines, unasked, asked = PAIRS[what]
    path = written(tmp_path, *lines)
    assert ends("-f", path)[:2] == (unasked or NOBODY_S[:2])
    assert ends("-f", path, "--ends", "auto")[:2] == asked
    assert ends("-f", path, "--ends", "auto")[3] == sorted({"127.0.0.1", *asked})


@pytest.mark.parametrize("kind", ["forward", "multicast", "redirect"])
def test_a_probe_that_sends_elsewhere_keeps_its_ends(kind: str, tmp_path: Path) -> None:
    """A probe to a group or another host does not take a pair's ends unasked, and nothing warns of them."""
    path = written(tmp_path, f"spdadd 10.0.0.1 10.0.0.2 any {OUT}")
    done = invoke("probe", kind, "-f", path, "--format", "jsonl")
    assert (done.code, done.err, done.records[0]["ends"]) == (0, "", "")


def test_no_policy_to_take_ends_from(tmp_path: Path) -> None:
    """--ends auto is refused where no IPsec policy has ends that lo0 can have."""
    path = written(tmp_path, f"spdadd 10.0.0.1 224.0.0.1 any {OUT}")
    assert_refused(invoke("ping", "-f", path, "--ends", "auto"), "--ends auto: no IPsec policy", "give HOST")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["spdadd 127.0.0.1 127.0.0.1 any -P out none ;"], ""),
        (["spdflush ;"], ""),
        (
            ["spdadd 10.0.0.1 10.0.0.2 any -P out none ;"],
            "1 policy, and it is not about a ping from 127.0.0.1",
        ),
        (
            [f"spdadd 10.0.0.1 10.0.0.2 tcp {OUT}"],
            "1 policy, and it is not about a ping from 10.0.0.1 to 10.0.0.2",
        ),
        ([f"spdadd 10.0.0.1 10.0.0.2 icmp {OUT}"], ""),
    ],
)
def test_when_it_warns(lines: list[str], said: str, tmp_path: Path) -> None:
    """It warns where policies there are and none covers what is sent, by its addresses and its protocol."""
    err = invoke("ping", "-q", "-f", written(tmp_path, *lines)).err
    assert said in err if said else err == ""


def test_every_command_that_runs_takes_the_ends() -> None:
    """A probe, diff, why, export, check and the runs of many kernels or orders go by the same ends."""
    said = "10.9.9.1 -> 10.9.9.2"
    for words in (
        ["probe", "udp-closed", "-f", TWO, "--format", "jsonl"],
        ["why", "1", "-f", TWO, "--format", "json"],
        ["diff", "-f", TWO, "--format", "json"],
        ["export", "@unpatched", "-f", TWO, "--to", "csv"],
        ["ping", "-f", TWO, "--schedule", "all"],
        ["ping", "-f", TWO, "--bisect"],
        ["ping", "-f", TWO, "--show-config"],
    ):
        done = invoke(*words)
        assert done.err == "", words
        assert done.code in (0, 1), words
    assert said in invoke("ping", "-f", TWO, "--detail", "minimal").text
    told = "a probe from 127.0.0.1 to 127.0.0.1"
    assert told in invoke("probe", "udp-closed", "-q", "-f", TWO, "127.0.0.1").err
    for words in (["diff", "--brief"], ["why", "1"], ["export", "@patched", "--to", "csv"]):
        assert invoke(*words, "-f", TWO, "--host", "127.0.0.1").err.count(" policies, and none is about") == 1
    assert invoke("ping", "-f", TWO, "--show-config", "127.0.0.1").err == ""


@pytest.mark.parametrize(("expected", "code"), [("clean", 1), ("no-policy", 0), ("leak", 1), ("stale", 1)])
def test_nothing_protected_is_not_clean(expected: str, code: int) -> None:
    """A run that no policy is about meets --expect no-policy, and not --expect clean."""
    done = invoke("ping", "-q", "-f", TWO, "127.0.0.1", "--expect", expected)
    assert (done.code, "VERDICT CLEAN (no-policy)" in done.text) == (code, True)
    assert ("(--expect no-policy is met by that)" in done.err) == bool(code)
    orders = invoke("ping", "-f", TWO, "127.0.0.1", "--schedule", "all", "--expect", expected)
    assert orders.code == code


def check(folder: Path, *lines: str) -> Done:
    """Run a check of the example's file with these lines."""
    path = folder / "a.toml"
    path.write_text("\n".join(["[[check]]", 'name = "one"', *lines, ""]), encoding="utf-8")
    (folder / "two.conf").write_bytes(Path(TWO).read_bytes())
    return invoke("check", str(path))


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (['outcome = "clean"'], 1),
        (['outcome = "clean"', 'code = "no-policy"'], 0),
        (['code = "no-policy"'], 0),
        (['outcome = "clean"', 'code = "clean"'], 1),
    ],
)
@pytest.mark.parametrize("what", ['run = "ping -f two.conf 127.0.0.1"', 'setup = { config = "two.conf" }'])
def test_a_check_of_it_has_to_say_so(what: str, lines: list[str], code: int, tmp_path: Path) -> None:
    """A check file's outcome is judged as --expect is: clean without a policy needs its code beside it."""
    done = check(tmp_path, what, *lines)
    assert done.code == code
    assert "4 policies, and none is about" in done.err
    if len(lines) == 1 and code:
        assert "    got      clean (no-policy)" in done.lines


def test_a_check_s_command_line_is_as_if_typed(tmp_path: Path) -> None:
    """A check that types -f takes the ends of the file; one with a setup says so, as Python does."""
    for what in (
        "run = 'ping --patched -f two.conf'",
        'setup = {config="two.conf", ends="auto", fix="patched"}',
    ):
        done = check(tmp_path, what, 'code = "clean"')
        assert (done.code, done.err) == (0, "")


def test_python_asks_for_it() -> None:
    """In Python the ends are 127.0.0.1 as ever, and those of the first policy if they are asked for."""
    text = Path(TWO).read_text(encoding="utf-8")
    trace = ping_in_python(Setup(config=text))
    assert (trace.verdict.outcome, trace.verdict.code, trace.run.ends) == ("clean", "no-policy", "")
    trace = ping_in_python(Setup(config=text, ends="auto"))
    assert (trace.run.src, trace.run.dst, trace.run.ends) == ("10.9.9.1", "10.9.9.2", "auto")
    with pytest.raises(UserError, match="takes both ends"):
        ping_in_python(Setup(config=text, ends="auto", host="127.0.0.1"))
