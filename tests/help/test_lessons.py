"""Fifteen lessons that other tracers' users paid for: one test each, named after it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from ipsec_lo_trace.cli.terminal import wants_colour
from ipsec_lo_trace.machine.stage import Deliver, Drop, Keep
from ipsec_lo_trace.model.trace import Check
from ipsec_lo_trace.pages.index import find
from ipsec_lo_trace.render.facts import compared_words
from ipsec_lo_trace.render.timeline import View
from tests.cli.support import ROOT, assert_refused, invoke, ping, shell, spawn
from tests.render.support import opened, printed, stored
from tests.support import PATCHED, SCENARIOS, UNPATCHED, trace

SCENARIO_NAMES = sorted(path.stem for path in SCENARIOS.glob("*.conf"))
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("command", [["show"], ["why", "1"], ["diff", "@unpatched"]], ids=" ".join)
def test_01_a_silently_incomplete_trace(command: list[str], tmp_path: Path) -> None:
    """Every reader says that a trace without its verdict is incomplete, and exits 2."""
    path = tmp_path / "cut.jsonl"
    path.write_bytes(b"".join(stored().splitlines(keepends=True)[:-1]))
    assert_refused(invoke(*command, str(path)), "incomplete")


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_02_json_and_text_drifting_apart(fix: str) -> None:
    """Each step record is a row of the text, with its stage, words, marks, questions and counters."""
    data = stored(fix)
    lines = printed(opened(data), View(width=1 << 16, detail="full"))
    shown = "\n".join(lines)
    for step in map(json.loads, data.splitlines()[1:-1]):
        assert re.search(
            rf"^ *{step['row']}[ >X] {step['stage']}\b.*\n +{re.escape(step['text'])}$", shown, re.MULTILINE
        )
        assert all(f" {change['mark']['name']}" in shown for change in step["changes"])
        checks = msgspec.convert(step["checks"], list[Check])
        assert all(compared_words(check) in shown for check in checks)
        assert all(f"{name} {by:+d}" in shown for name, by in step["counters"].items())


def test_03_cells_cut_when_piped() -> None:
    """At 40 columns a pipe gets every word of every step's text that it gets at 200."""
    narrow, wide = (printed(opened(stored()), View(width=width, detail="full")) for width in (40, 200))
    words = set(" ".join(narrow).split())
    assert (
        set(" ".join(step.text for step in opened(stored()).steps()).split())
        <= {word.rstrip(":") for word in words} | words
    )
    assert "\u2026" not in "".join((*narrow, *wide))


def test_04_term_dumb_ignores_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb changes colour and nothing else: the width is still that of COLUMNS."""
    monkeypatch.setenv("COLUMNS", "120")
    plain = ping().text
    monkeypatch.setenv("TERM", "dumb")
    assert ping().text == plain
    assert 80 < max(map(len, plain.splitlines())) <= 120


def test_05_brackets_swallowed_as_markup(tmp_path: Path) -> None:
    """Text in brackets is shown: a policy with a port, an operand of a check, a file called [bold].conf."""
    path = tmp_path / "[bold]esp[red].conf"
    path.write_text("spdadd 127.0.0.1[7] 127.0.0.1 udp -P out none ;\n", encoding="ascii")
    for colour in ("always", "never"):
        done = invoke("ping", "-f", str(path), "--detail", "full", "--color", colour)
        assert done.code == 0
        shown = ANSI.sub("", done.text)
        assert "-f [bold]esp[red].conf" in shown
        assert "127.0.0.1/32[7]" in shown
        assert "[127.0.0.1 -> 127.0.0.1 icmp]" in " ".join(shown.split())


@pytest.mark.parametrize("value", ["0", "false", ""])
def test_06_force_color_0_turns_colour_on(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR=0 does not turn colour on, and 1 does not go before NO_COLOR or --color."""
    monkeypatch.setenv("FORCE_COLOR", value)
    assert b"\x1b" not in ping().out
    assert not wants_colour("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, is_terminal=True)
    assert not wants_colour("never", {"FORCE_COLOR": "1"}, is_terminal=True)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["ping -c 100", "explain", "list terms", "why effect"])
def test_07_a_closed_pipe(what: str) -> None:
    """``| head -1`` gets one line, and nobody sees a traceback or exit code 1."""
    done = shell(f'{{ $T {what}; echo "code $?" >&2; }} | head -1')
    assert len(done.lines) == 1
    assert done.err in ("code 141\n", "code 0\n")  # 0: all of a short output was in the pipe before head left


def test_08_hidden_defaults() -> None:
    """Each assumption of the run record is printed by -v, and without it the text says how many there are."""
    assumptions = json.loads(stored().splitlines()[0])["assumptions"]
    shown = " ".join(ping("-v").text.split())
    assert all(" ".join(text.split()) in shown.replace(" assumed", "") for text in assumptions)
    assert f"{len(assumptions)} assumptions" in ping().text


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", SCENARIO_NAMES)
def test_09_a_verdict_that_contradicts_the_last_row(name: str, fix: str) -> None:
    """Ping is told as answered exactly if the last row delivers; a drop at the end is no clean run."""
    traced = trace(name, fix)
    last = traced.steps[-1]
    assert (traced.verdict.ping == "ok") is (last.decision == "deliver")
    assert not (traced.verdict.outcome in ("clean", "stale") and last.reason)


def test_10_a_reason_that_names_the_effect() -> None:
    """The cause that a leak's verdict names is an earlier row than the effect, and another stage."""
    for name in ("lo-esp", "lo-ah", "lo-bundle", "asymmetric"):
        traced = trace(name, UNPATCHED)
        stages = {step.row: step.stage for step in traced.steps}
        cause, effect = traced.verdict.cause, traced.verdict.effect
        assert cause is not None
        assert effect is not None
        assert cause < effect
        assert (stages[cause], stages[effect] == stages[cause]) == ("icmp_reflect", False)


def test_11_freed_is_not_dropped() -> None:
    """Kept, dropped and delivered are three words, and each has a page of its own."""
    words = {
        Keep("").decision,
        Drop("loop", "", "").decision,
        Deliver("", "").decision,
    }
    assert len(words) == 3
    assert all("decisions" in {page.kind for page in find(word)} for word in words)


def test_12_lists_compared_by_index(tmp_path: Path) -> None:
    """A row too many at the front is one difference; the rows behind it are the same as before."""
    whole, short = tmp_path / "whole.jsonl", tmp_path / "short.jsonl"
    lines = stored().splitlines(keepends=True)
    whole.write_bytes(b"".join(lines))
    short.write_bytes(b"".join([lines[0], *lines[2:]]))
    done = invoke("diff", str(short), str(whole), "--format", "json")
    assert done.code == 1
    assert [one["key"]["stage"] for one in json.loads(done.text)["differences"]] == ["rip_output"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables", [{"COLUMNS": "40"}, {"LC_ALL": "C"}, {"TZ": "Asia/Tokyo"}, {"TERM": "dumb"}]
)
def test_13_golden_files_that_break(variables: dict[str, str]) -> None:
    """The minimal form depends on neither width nor locale, clock nor chance."""
    minimal = spawn("ping", "--detail", "minimal", cwd=ROOT, **variables)
    assert minimal.out == ping("--detail", "minimal").out
    assert not re.search(rb"\b20\d\d-\d\d-\d\d\b", minimal.out)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command", ["ping -v --detail full", "explain", "why effect", "help environment", "schema"]
)
def test_14_non_ascii_on_an_text_stream(command: str) -> None:
    """Everything that is printed is ASCII, also where the stream could not take more."""
    done = spawn(*command.split(), PYTHONIOENCODING="ascii", LC_ALL="C")
    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()


@pytest.mark.parametrize(
    "arguments",
    [
        ["ping", "--patched", "--unpatched"],
        ["why", "1", "--unpatched", "--patched"],
        ["ping", "-q", "-v"],
        ["diff", "--brief", "--unified"],
    ],
    ids=" ".join,
)
def test_15_the_last_of_two_contradictory_flags(arguments: list[str]) -> None:
    """Flags that contradict each other are refused, in whatever order; neither wins silently."""
    assert_refused(invoke(*arguments), "exclude each other")
