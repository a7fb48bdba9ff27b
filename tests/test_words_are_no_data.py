"""Does anything that the program decides hang on how a text is worded?

Every case, every probe and every fix runs twice, the second time with all that people read in the trace
replaced by one constant as soon as it is made.  What is decided, compared or pointed at must stay as it was.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import msgspec
import pytest

from ipsec_lo_trace import Setup, Trace, ping, probe
from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.findings.echo import Echo
from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.trace import Finding, Step, Verdict
from ipsec_lo_trace.render.diff.compare import Comparison
from ipsec_lo_trace.render.reasons import Why, reasons
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.sweep.laws import breaches
from ipsec_lo_trace.sweep.ran import Ran, ran
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.cli.support import invoke
from tests.support import PATCHED, UNPATCHED

pytestmark = pytest.mark.slow

CONSTANT = "words"
CASES = [case.name for case in all_cases()]
PROBES = [kind.name for kind in all_probes()]
FIXES = [fix.name for fix in all_fixes()]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Give what replaces every human text of a trace from then on, before anything can read it.

    A step's words are replaced before the findings see it, a finding's where it is noted, and a verdict's as
    soon as it is made.
    """
    see, note, verdict = Judge.see, Echo.note, Judge.verdict

    def see_no_words(judge: Judge, rows: list[Step]) -> None:
        for step in rows:
            step.text = CONSTANT
            step.wire = msgspec.structs.replace(step.wire, info=CONSTANT)
        see(judge, rows)

    def note_no_words(echo: Echo, code: str, step: Step, text: str, since: int | None = None) -> None:
        del text
        note(echo, code, step, CONSTANT, since)

    def verdict_without_words(judge: Judge, **about: Any) -> Verdict:  # noqa: ANN401 -- passed on
        made = verdict(judge, **about)
        made.text = made.fix = CONSTANT
        made.reasons = dict.fromkeys(made.reasons, CONSTANT)
        made.findings = [msgspec.structs.replace(one, text=CONSTANT) for one in made.findings]
        return made

    def planted() -> None:
        monkeypatch.setattr(Judge, "see", see_no_words)
        monkeypatch.setattr(Echo, "note", note_no_words)
        monkeypatch.setattr(Judge, "verdict", verdict_without_words)

    return planted


class Two(NamedTuple):
    """The same thing, run without a fix and with one."""

    plain: Trace
    fixed: Trace
    fix: str


def texts(trace: Trace) -> set[str]:
    """Give every human text of a trace."""
    verdict = trace.verdict
    said = {step.text for step in trace.steps} | {step.wire.info for step in trace.steps}
    return said | {verdict.text, *verdict.reasons.values(), *(finding.text for finding in verdict.findings)}


def steps(trace: Trace) -> list[Step]:
    """Give the steps without their words."""
    return [
        msgspec.structs.replace(step, text="", wire=msgspec.structs.replace(step.wire, info=""))
        for step in trace.steps
    ]


def found(verdict: Verdict) -> tuple[Any, ...]:
    """Give all that a verdict has but its words."""
    wordless = msgspec.structs.replace(verdict, text="", fix="", reasons={}, findings=[])
    return wordless, list(verdict.reasons), [_fact(finding) for finding in verdict.findings]


def _fact(finding: Finding) -> tuple[str, int, int | None, int]:
    return finding.code, finding.row, finding.since, finding.echoes


def why(trace: Trace) -> list[Any]:
    """Give what each row's reasons point at, and the operands of its questions."""
    told = []
    for step in trace.steps:
        row = reasons(step, [other for other in trace.steps if other.echo == step.echo], trace.verdict)
        told.append((row.questions, list(row.roles), _later(row)))
    return told


def _later(row: Why) -> list[tuple[int, str]]:
    return [(later.row, later.stage) for later in row.later]


def stored(trace: Trace) -> StoredTrace:
    """Store a trace."""
    lines = [msgspec.json.encode(record) for record in (trace.run, *trace.steps, trace.verdict)]
    return StoredTrace(io.BytesIO(b"\n".join(lines) + b"\n"))


def differences(two: Two) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give what the diff of both runs says of each pair of rows, and of the verdicts."""
    comparison = Comparison(stored(two.plain), stored(two.fixed))
    for pairs in comparison.echoes():
        yield from ((pair.op, pair.fields) for pair in pairs)
    yield "verdict", tuple(one.name for one in comparison.verdict)


def looked_at(trace: Trace) -> Ran:
    """Give what the laws of the sweep look at in a trace."""
    return ran(trace.run, trace.steps, trace.verdict)


def known(two: Two) -> list[tuple[str, str, str]]:
    """Give the laws that the fixed run breaks, and which known behaviour of the kernel that is."""
    return [
        (one.law, one.code, one.known) for one in breaches(two.fix, *map(looked_at, (two.fixed, two.plain)))
    ]


def assert_same(before: Two, after: Two) -> None:
    """Hold two pairs of runs against each other, the second without words."""
    for one, other in ((before.plain, after.plain), (before.fixed, after.fixed)):
        assert one.steps
        assert CONSTANT not in texts(one)
        assert texts(other) <= {CONSTANT, ""}
        assert steps(one) == steps(other)
        assert found(one.verdict) == found(other.verdict)
        assert why(one) == why(other)
    assert list(differences(before)) == list(differences(after))
    assert known(before) == known(after)


def both(run: Callable[[str], Trace], fix: str) -> Two:
    """Run something without a fix and with one."""
    return Two(run(UNPATCHED), run(fix), fix)


def over(case: str, fix: str) -> Trace:
    """Ping over a case."""
    return ping(Setup(case=case, fix=fix))


@pytest.mark.parametrize("case", CASES)
def test_a_ping_over_a_case_comes_out_the_same_without_words(case: str, plant: Callable[[], None]) -> None:
    """Rows, verdict, findings, reasons, diff and known behaviours of every case are no matter of wording."""
    run = partial(over, case)
    before = both(run, PATCHED)
    plant()
    assert_same(before, both(run, PATCHED))


@pytest.mark.parametrize("kind", PROBES)
def test_a_probe_comes_out_the_same_without_words(kind: str, plant: Callable[[], None]) -> None:
    """Nor are those of every probe."""

    def run(fix: str) -> Trace:
        return probe(kind, Setup(fix=fix))

    before = both(run, PATCHED)
    plant()
    assert_same(before, both(run, PATCHED))


@pytest.mark.parametrize("fix", FIXES)
def test_a_fix_comes_out_the_same_without_words(fix: str, plant: Callable[[], None]) -> None:
    """Nor are those of every fix, over one ESP SA."""
    run = partial(over, "lo-esp")
    before = both(run, fix)
    plant()
    assert_same(before, both(run, fix))


def test_there_are_questions_findings_and_known_behaviours_to_compare() -> None:
    """Over the cases, the runs ask, find and differ: the tests above do not compare nothing with nothing."""
    runs = [both(partial(over, case), PATCHED) for case in CASES]
    assert sum(len(check.checks) for two in runs for check in two.plain.steps) > len(CASES)
    assert {finding.code for two in runs for finding in two.plain.findings} >= {
        "stale-out-done",
        "clear-text",
    }
    assert any(fields for two in runs for _op, fields in differences(two))


COMMANDS = (
    ("ping", "--expect", "clean"),
    ("ping", "--patched", "--expect", "clean"),
    ("ping", "--patched", "--case", "bundle-request", "--expect", "clean"),
    ("probe", "udp-closed", "--expect", "stale-out-done"),
    ("why", "unseen"),
    ("diff",),
    ("check",),
    ("sweep", "--cases", "2"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_ends_the_same_without_words(command: tuple[str, ...], plant: Callable[[], None]) -> None:
    """Exit codes follow from codes and fields."""
    before = invoke(*command).code
    plant()
    assert invoke(*command).code == before


def test_the_exit_codes_differ() -> None:
    """Among those commands some succeed and some do not."""
    assert {invoke(*command).code for command in COMMANDS[:2]} == {0, 1}
