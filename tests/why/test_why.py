"""The command why: a row's questions, their operands, and what depends on the answers."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.model.trace import Check, Verdict
from ipsec_lo_trace.render.facts import operand_words
from ipsec_lo_trace.render.reasons import ALONE, COVERED, DIFFERENT, EQUAL, Why, reasons, side_by_side, why
from ipsec_lo_trace.render.why import why_lines
from tests.cli.support import ROOT, assert_refused, environment, invoke
from tests.render.support import opened, stored
from tests.support import PATCHED, SCENARIOS, UNPATCHED, Traced, trace

SCENARIO_NAMES = sorted(path.stem for path in SCENARIOS.glob("*.conf"))
BUILT_IN = ["esp", "ah", "esp+ah"]


def built_in(row: str, fix: str = UNPATCHED, *, proto: str = "esp", count: int = 1) -> Why:
    """Return the reasons of a row of a built-in run."""
    return why(opened(stored(fix, proto=proto, count=count)), row)


def last_record(data: bytes) -> Any:  # noqa: ANN401 -- JSON
    """Return a stored trace's verdict."""
    return json.loads(data.splitlines()[-1])


def test_effect_shows_tag_and_sa_equal() -> None:
    """At the EFFECT row of the unpatched kernel, tag and SA are equal in proto, spi and dst, side by side."""
    [asked] = [asked for asked in built_in("effect").questions if asked.id == "loop-detection"]
    equal = {part.label: (part.left, part.right) for part in asked.parts if part.relation == EQUAL}
    assert equal == {
        "proto": ("esp", "esp"),
        "spi": ("0x00001000", "0x00001000"),
        "dst": ("127.0.0.1", "127.0.0.1"),
    }
    assert (asked.by, asked.file) == ("ip_output", "netinet/ip_output.c")
    text = invoke("why", "effect", "--unpatched").lines
    for words in (
        ["proto", "esp", "=", "esp"],
        ["spi", "0x00001000", "=", "0x00001000"],
        ["dst", "127.0.0.1", "=", "127.0.0.1"],
    ):
        assert words in [line.split() for line in text]


@pytest.mark.parametrize("proto", BUILT_IN)
def test_effect_names_the_mark_s_provenance(proto: str) -> None:
    """The mark that settled it is ipsec_process_done's, for P1, and stale since the CAUSE row."""
    data = stored(UNPATCHED, proto=proto)
    verdict = last_record(data)
    reasons = why(opened(data), str(verdict["effect"]))
    [settled] = [
        asked.settled_by for asked in reasons.questions if asked.id == "loop-detection" and asked.settled_by
    ]
    assert settled.mark.name == "OUT_DONE"
    assert settled.mark.made_for == "P1"
    assert settled.stage == "ipsec_process_done"
    assert (settled.stale_since, settled.stale_stage) == (verdict["cause"], "icmp_reflect")
    assert list(reasons.roles) == ["effect"]


@pytest.mark.parametrize("role", ["cause", "effect", "unseen"])
def test_roles_are_row_numbers(role: str) -> None:
    """A role in the verdict is another name of its row."""
    row = last_record(stored())[role]
    assert invoke("why", role).text == invoke("why", str(row)).text == invoke("why", role.upper()).text


def test_cause_asks_nothing_and_much_depends_on_it() -> None:
    """icmp_reflect asks nothing; the marks that turn stale there settle questions in three later rows."""
    reasons = built_in("cause")
    assert reasons.questions == []
    stale = {
        (later.stage, later.how.split(",")[0]) for later in reasons.later if "stale from here on" in later.how
    }
    assert stale == {("ip_output", "OUT_DONE"), ("ip_input", "IN_DONE"), ("rip_input", "M_DECRYPTED")}
    assert [later.stage for later in reasons.later if "verdict" in later.how] == ["ip_output", "rip_input"]
    text = " ".join(invoke("why", "cause").text.split())
    assert "Nothing is asked in this row." in text
    assert "did the reply inherits the request's marks" in text


def test_a_mark_made_here_settles_later_questions() -> None:
    """The row that made OUT_DONE is told which rows it decided, in both kernels."""
    for fix, packets in ((UNPATCHED, 2), (PATCHED, 1)):
        reasons = built_in("6", fix)
        assert reasons.stage == "ipsec_process_done"
        assert [change.mark.name for change in reasons.changes] == ["OUT_DONE"]
        assert (
            sum("OUT_DONE, made here, settles loop-detection" in later.how for later in reasons.later)
            == packets
        )


def test_the_last_row_has_nothing_behind_it() -> None:
    """Behind a run's last row there is nothing, and why says so."""
    text = invoke("why", "unseen").text
    assert "No later row depends on it." in text


def test_the_next_row_is_named() -> None:
    """Where the packet goes next, and by which transfer, is said."""
    [later] = [later for later in built_in("4").later if "takes the packet next" in later.how]
    assert (later.row, later.stage, later.how) == (5, "esp_output_cb", "takes the packet next, by crypto")


def test_other_echoes_are_left_out() -> None:
    """What depends on a row is of the same echo."""
    data = stored(count=3)
    of_echo = {step.row: step.echo for step in opened(data).steps()}
    for row in ("5", "20", "40"):
        reasons = why(opened(data), row)
        assert {of_echo[later.row] for later in reasons.later} <= {reasons.echo}


@pytest.mark.parametrize("row", ["0", "23", "99999999999999999999999999"])
def test_a_row_that_is_not_there(row: str) -> None:
    """A row that does not exist exits 2 and says which there are."""
    assert_refused(invoke("why", row), "there is none", "rows 1 to 22")


def test_a_role_that_is_not_there() -> None:
    """A role that the verdict does not have, or no role at all, exits 2 and says what would do."""
    assert_refused(invoke("why", "cause", "--patched"), "names no such row", "a row's number")
    assert_refused(invoke("why", "nonsense"), "cause", "effect", "unseen")
    assert_refused(invoke("why", "\u0663"), "names no such row")


def test_a_stage_names_its_rows() -> None:
    """A stage that the packet came to once is that row; one that it came to more often says which rows."""
    assert invoke("why", "icmp_reflect").text == invoke("why", "16").text
    assert_refused(invoke("why", "ip_output"), "ip_output has 3 rows: 2, 7, 18", "why 2")
    assert_refused(invoke("why", "ip_output", "-c", "9"), "27 rows: 2, 7, 18, 24, ", ", ...")


def test_what_nobody_compares_has_the_colour_of_what_is_stale() -> None:
    """Whom the stale tag was made for is the bug, and its line is as red as a stale mark."""
    text = invoke("why", "effect", "--color", "always").text
    assert re.search(r"\x1b\[1;31m +made for +P1 +\(not compared\)\x1b", text)
    assert "\x1b[1;31m    made for" not in invoke("why", "7", "--color", "always").text


def test_stored_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stored trace and standard input give what a run on the spot gives."""
    path = tmp_path / "trace.jsonl"
    assert invoke("ping", "--format", "jsonl", "-o", str(path)).code == 0
    live = invoke("why", "18").text
    assert invoke("why", "18", str(path)).text == live
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(path.read_bytes())))
    assert invoke("why", "18", "-").text == live


def test_stored_trace_refuses_run_options(tmp_path: Path) -> None:
    """With a stored trace, options about a run have nothing to act on."""
    path = str(tmp_path / "trace.jsonl")
    for options in (["--patched"], ["-c", "1"], ["--host", "127.0.0.1"], ["-f", "x"]):
        assert_refused(invoke("why", "1", path, *options), options[0], "is stored")
    assert_refused(invoke("why", "1", path), "cannot read ")
    assert_refused(invoke("why", "1", "--patched", "--unpatched"), "exclude each other")
    assert_refused(invoke("why", "1", "--format", "json", "--color", "always"), "--color")


def test_a_trace_without_its_verdict(tmp_path: Path) -> None:
    """An incomplete trace exits 2 and says so."""
    path = tmp_path / "trace.jsonl"
    path.write_bytes(b"".join(stored().splitlines(keepends=True)[:-1]))
    assert_refused(invoke("why", "1", str(path)), "incomplete")


def test_stored_trace_needs_no_scapy(tmp_path: Path) -> None:
    """On a stored trace neither scapy nor cryptography is imported."""
    import subprocess  # noqa: PLC0415 -- for this one test

    path = tmp_path / "trace.jsonl"
    path.write_bytes(stored())
    script = (
        "import sys; from ipsec_lo_trace.cli.main import run; code = run(['why', 'effect', sys.argv[1]]);"
        " assert not {'scapy', 'cryptography', 'ipsec_lo_trace.kernel'} & sys.modules.keys(); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"loop-detection" in done.stdout


def test_json(tmp_path: Path) -> None:
    """--format json gives the same as one document, also into a file."""
    path = tmp_path / "why.json"
    assert invoke("why", "effect", "--format", "json", "-o", str(path)).out == b""
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["roles"].keys() == {"effect"}
    assert [asked["id"] for asked in document["questions"]][:2] == ["out-policy", "loop-detection"]
    assert document["questions"][1]["settled_by"]["stale_since"] == 16
    assert document["later"][0]["stage"] == "looutput"


def _atoms(texts: Iterable[str]) -> set[str]:
    """Take texts apart at whatever stands between two values."""
    return {atom for text in texts for atom in re.split(r"[ ,:/\[\]-]|->", text) if atom and atom != ">"}


def all_checks(traced: Traced) -> list[Check]:
    """Return every check of a trace."""
    return [check for step in traced.steps for check in step.checks]


@pytest.mark.slow
@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", SCENARIO_NAMES)
def test_parts_lose_nothing(name: str, fix: str) -> None:
    """Side by side, the operands of every check keep every word but the little ones between their parts."""
    checks = all_checks(trace(name, fix, count=2))
    assert checks
    for check in checks:
        parts = side_by_side(check.left, check.right)
        shown = _atoms(f"{part.left} {part.right}" for part in parts)
        whole = _atoms((operand_words(check.left), operand_words(check.right)))
        assert whole - shown <= {"to", "made", "for", "reqid"}, check


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", SCENARIO_NAMES)
def test_parts_agree_with_the_answer(name: str, fix: str) -> None:
    """Where the loop detection says equal all compared parts are, where it says different one is not."""
    for check in all_checks(trace(name, fix, count=2)):
        relations = {part.relation for part in side_by_side(check.left, check.right)} - {ALONE}
        if check.id == "loop-detection" and check.answer == "done":
            assert relations == {EQUAL}
        elif check.id == "loop-detection" and check.answer == "different":
            assert DIFFERENT in relations
        elif check.id.endswith("-policy") and relations:
            assert relations == {COVERED}


@pytest.mark.slow
@pytest.mark.parametrize("width", [20, 40, 66, 80, 200])
@pytest.mark.parametrize("proto", BUILT_IN)
def test_every_row_at_every_width(proto: str, width: int) -> None:
    """Every row's text has, at any width, the operands' words, and lines that fit unless a word is longer."""
    data = stored(UNPATCHED, proto=proto)
    for step in opened(data).steps():
        reasons = why(opened(data), str(step.row))
        lines = [line.plain for line in why_lines(reasons, width)]
        words = set(" ".join(lines).split())
        for part in (part for asked in reasons.questions for part in asked.parts):
            assert {*part.left.split(), *part.right.split()} <= words
        if width >= 66:
            assert max(map(len, lines)) <= width


def test_unknown_names_are_shown_as_they_are() -> None:
    """A stage or a question of a later version is shown, not refused."""
    data = stored().replace(b'"loop-detection"', b'"later-question"').replace(b'"looutput"', b'"later_stage"')
    data = data.replace(b'"src":"127.0.0.1/32"', b'"src":"999.0.0.1/99"')
    reasons = why(opened(data), "18")
    assert [asked.id for asked in reasons.questions][:2] == ["out-policy", "later-question"]
    assert any("later-question" in line.plain for line in why_lines(reasons, 80))
    assert why(opened(data), "19").file == ""


@pytest.mark.slow
def test_every_row_of_every_scenario_has_reasons() -> None:
    """No row of any scenario is beyond why, whatever was asked there and wherever the packet went."""
    for fix in (UNPATCHED, PATCHED):
        for proto in BUILT_IN:
            data = stored(fix, proto=proto, size=40000)
            steps, verdict = [*opened(data).steps()], opened(data).verdict
            assert len(steps) > 20
            for step in steps:
                found = reasons(step, steps, verdict)
                assert len(found.questions) == len(step.checks)
                assert found.file
            assert why(opened(data), str(len(steps))) == found
    assert isinstance(opened(stored()).verdict, Verdict)
