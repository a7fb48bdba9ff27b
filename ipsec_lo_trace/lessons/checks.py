"""The judges of answers: each computes from the runs what is right, and which rows show it.

A judge is named by a lesson's ``check``.  It raises UserError for an answer that it cannot read; a wrong one
is no error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import msgspec

from ipsec_lo_trace.findings.bisect import requests
from ipsec_lo_trace.lessons.lesson import Lesson
from ipsec_lo_trace.lessons.wire import audited
from ipsec_lo_trace.model.audit import LEAK_CODES, AuditPacket, AuditVerdict
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.proto import IPSEC_PROTOS, PROTO_NAMES, PROTO_NUMBERS
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.trace import Crossing
from ipsec_lo_trace.render.timeline import pointed
from ipsec_lo_trace.tracer.setup import ping, probe
from ipsec_lo_trace.tracer.tracing import Trace

NOTHING = "nothing"
SEALED = frozenset(PROTO_NAMES[proto] for proto in IPSEC_PROTOS)


class Rows(msgspec.Struct, frozen=True):
    """Rows of a run that show what is right; ``why`` is the one whose reasons are told, 0 for none."""

    what: str
    trace: Trace
    rows: tuple[int, ...]
    why: int = 0


class Packets(msgspec.Struct, frozen=True):
    """Packets of an audit that show it."""

    what: str
    packets: tuple[AuditPacket, ...]
    verdict: AuditVerdict


class Judgement(msgspec.Struct, frozen=True):
    """What became of an answer: ``said`` is the answer as it was read, ``truth`` what the runs say."""

    right: bool
    said: str
    truth: str
    shown: tuple[Rows | Packets, ...]


Judge = Callable[[Lesson, str], Judgement]


def judged(lesson: Lesson, answer: str) -> Judgement:
    """Judge an answer; UserError if it is not of the form that the lesson asks for."""
    if not answer.strip():
        raise UserError("there is no answer", hint=lesson.answer)
    return JUDGES[lesson.check](lesson, answer)


def run(setup: Setup) -> Trace:
    """Run a setup, whichever program it is for."""
    return probe(setup.probe, setup) if setup.probe else ping(setup)


def _crossings(lesson: Lesson, answer: str) -> Judgement:
    """Ask for the outermost protocol of each packet on lo0, in order."""
    said = [word for word in _words(answer, {*PROTO_NUMBERS, NOTHING}) if word != NOTHING]
    trace = run(lesson.setups[0])
    truth = [crossing.proto[0] for crossing in trace.crossings]
    decided = [_decided(trace, crossing) for crossing in trace.crossings]
    rows = tuple(sorted({*decided, *(crossing.row for crossing in trace.crossings)}))
    why = max(decided, default=0)
    return _judgement(said, truth, Rows("what crossed lo0, and who decided it", trace, rows, why))


def _row_of_cause(lesson: Lesson, answer: str) -> Judgement:
    """Ask for the row where stale history arose."""
    trace = run(lesson.setups[0])
    said = _numbers(answer, len(trace.steps), "row")
    truth = trace.verdict.cause or 0
    before = tuple(row for row in (truth - 1, truth) if row > 0)
    rows = tuple(sorted({*before, *pointed(trace.verdict).values(), *said}))
    shown = Rows("the cause, and what came of it", trace, rows, truth)
    return _judgement(_texts(said), _texts([truth]), shown)


def _deciding_mark(lesson: Lesson, answer: str) -> Judgement:
    """Ask for the marks that settled the questions of one row."""
    trace = run(lesson.setups[0])
    row = pointed(trace.verdict).get(lesson.about)
    if row is None:
        raise UserError(f"the run of lesson {lesson.name} has no row about which to ask: {lesson.about}")
    step = trace.steps[row - 1]
    known = {mark.name for each in trace.steps for mark in each.marks}
    said = _words(answer, known)
    truth = [check.mark.name for check in step.checks if check.mark is not None]
    born = {mark.row for mark in step.marks if mark.name in truth}
    shown = Rows("the mark, and where it was made", trace, (*sorted(born), row), row)
    return _judgement(sorted(said), sorted(truth), shown)


def _fixes_that_cure(lesson: Lesson, answer: str) -> Judgement:
    """Ask under which of the fixes a run ends clean."""
    said = [lesson.choices[at] for at in _letters(answer, lesson)]
    traces = {fix: run(msgspec.structs.replace(lesson.setups[0], fix=fix)) for fix in lesson.choices}
    truth = [fix for fix, trace in traces.items() if trace.verdict.outcome == "clean"]
    shown = (Rows(f"under {fix}", trace, _telling(trace)) for fix, trace in traces.items())
    return _judgement(sorted(said), sorted(truth), *shown)


def _strips(lesson: Lesson, answer: str) -> Judgement:
    """Ask which strips are enough (clean, and the request as before), and which change the request."""
    enough, slash, too_much = answer.partition("/")
    if not slash:
        raise UserError(f"the answer {answer!a} has no /", hint=lesson.answer)
    said = [_sort(lesson, _letters(part, lesson)) for part in (enough, too_much)]
    before = requests(run(lesson.setups[0]).crossings)
    truth: list[list[int]] = [[], []]
    shown = []
    for at, strip in enumerate(lesson.choices):
        trace = run(msgspec.structs.replace(lesson.setups[0], drop_mark=(strip,)))
        changed = requests(trace.crossings) != before
        enough_ = not changed and trace.verdict.outcome == "clean"
        word = "too much, the request is another" if changed else "enough" if enough_ else "too little"
        if changed or enough_:
            truth[changed].append(at)
        shown.append(Rows(f"{letter(at)} {strip}: {word}", trace, _telling(trace)))
    words = [_sort(lesson, part) for part in truth]
    return Judgement(said == words, " / ".join(said), " / ".join(words), tuple(shown))


def _policy_makes_clean(lesson: Lesson, answer: str) -> Judgement:
    """Ask for setkey(8) commands that have every packet on lo0 protected, and the run clean."""
    trace = _with_policies(lesson, answer)
    bare = [crossing for crossing in trace.crossings if crossing.proto[0] not in SEALED]
    verdict = trace.verdict
    right = not bare and verdict.code == "clean"
    clear = " and ".join(crossing.packet for crossing in bare) or "nothing"
    said = f"{clear} crosses lo0 in clear, and the verdict is {verdict.code}"
    asked = [_decided(trace, crossing) for crossing in bare]
    rows = tuple(sorted({*_telling(trace), *asked}))
    shown = Rows("your policies at work", trace, rows, next(iter(asked), verdict.effect or 0))
    return Judgement(right, said, "nothing crosses lo0 in clear, and the verdict is clean", (shown,))


def _packets_of_leak(lesson: Lesson, answer: str) -> Judgement:
    """Ask for the packets of a capture that the audit calls leaks."""
    packets, verdict = audited(lesson, map(run, lesson.setups))
    said = _numbers(answer, len(packets), "packet")
    truth = [packet.number for packet in packets if not LEAK_CODES.keys().isdisjoint(packet.codes)]
    shown = {*truth, *said, *(packet.answers for packet in packets if packet.number in truth)}
    chosen = tuple(packet for packet in packets if packet.number in shown)
    return _judgement(_texts(said), _texts(truth), Packets("what the audit says", chosen, verdict))


JUDGES: dict[str, Judge] = {
    "crossings": _crossings,
    "row-of-cause": _row_of_cause,
    "deciding-mark": _deciding_mark,
    "strips": _strips,
    "fixes-that-cure": _fixes_that_cure,
    "policy-makes-clean": _policy_makes_clean,
    "packets-of-leak": _packets_of_leak,
}
"""By the name that a lesson gives."""


def _judgement(said: list[str], truth: list[str], *shown: Rows | Packets) -> Judgement:
    return Judgement(said == truth, " ".join(said) or NOTHING, " ".join(truth) or NOTHING, shown)


def _texts(numbers: list[int]) -> list[str]:
    return list(map(str, numbers))


def _with_policies(lesson: Lesson, answer: str) -> Trace:
    """Run a lesson's ping with these commands behind its configuration; UserError has its place in them."""
    before = f"{lesson.configuration}\n"
    setup = msgspec.structs.replace(lesson.setups[0], config=f"{before}{answer}\n", strict=True)
    try:
        return run(setup)
    except UserError as error:
        line = max(error.line - before.count("\n"), 0)
        raise UserError(
            error.reason,
            file="the answer",
            line=line,
            column=error.column,
            token=error.token,
            hint=error.hint,
        ) from None


def _decided(trace: Trace, crossing: Crossing) -> int:
    """Find the row where a packet first met the outbound policy."""
    return next((step.row for step in trace.at("ip_output", crossing.packet)), crossing.row)


def _telling(trace: Trace) -> tuple[int, ...]:
    """Choose the rows that tell how a run ended: what crossed lo0, and what the verdict points at."""
    roles = pointed(trace.verdict).values()
    rows = sorted({*(crossing.row for crossing in trace.crossings), *roles})
    return tuple(rows) or (trace.steps[-1].row,)


def _words(answer: str, known: Iterable[str]) -> list[str]:
    """Split an answer into words that are known, in whatever case; UserError for another."""
    spelt = {word.lower(): word for word in known}
    words = re.findall(r"[^\s,;]+", answer.lower())
    for word in words:
        if word not in spelt:
            raise UserError(f"the answer has {word!a}", hint=f"one of {', '.join(sorted(spelt.values()))}")
    return [spelt[word] for word in words]


def _numbers(answer: str, most: int, what: str) -> list[int]:
    """Read numbers; UserError for what is none, or is beyond the last."""
    words = [word for word in re.findall(r"[^\s,;]+", answer) if word.lower() != NOTHING]
    for word in words:
        if not re.fullmatch(r"[1-9][0-9]{0,8}", word) or int(word) > most:
            raise UserError(f"the answer has {word!a}", hint=f"a {what}'s number, 1 to {most}")
    return sorted(set(map(int, words)))


def letter(at: int) -> str:
    """Return the letter of a choice, counted from 0."""
    return chr(ord("a") + at)


def _letters(answer: str, lesson: Lesson) -> list[int]:
    """Read letters of choices, or the choices themselves; return their places, in order."""
    named = {choice.lower(): at for at, choice in enumerate(lesson.choices)}
    named |= {letter(at): at for at in range(len(lesson.choices))}
    return sorted({named[word] for word in _words(answer, {*named, NOTHING}) if word != NOTHING})


def _sort(lesson: Lesson, places: list[int]) -> str:
    return " ".join(lesson.choices[at] for at in places) or NOTHING
