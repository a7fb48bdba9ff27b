"""The lines above a difference of two traces (what was compared) and below it (the results)."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Difference
from ipsec_lo_trace.render.diff.words import both, label, phrases
from ipsec_lo_trace.render.styles import Line, outcome_style

COLUMNS = 10


def head_lines(comparison: Comparison) -> Iterator[Line]:
    """Name both traces and say what differs in what was run."""
    for side, trace in (("A", comparison.a), ("B", comparison.b)):
        run = trace.run
        yield Line(f"{side:<{COLUMNS}}").say(
            f"{trace.name}: {run.kernel} FAST_IPSEC, fix {run.fix} ({run.chosen})"
        )
    for one in comparison.run:
        a, b = run_words(one)
        line = Line(f"{label(one.name):<{COLUMNS - 1}} ", hang=COLUMNS)
        yield line.say(a, "bad").say("=>", "quiet").say(b, "add")


def run_words(one: Difference) -> tuple[str, str]:
    """Say what each run has in a field, without what both have."""
    return both(phrases(one.a), phrases(one.b))


def end_lines(comparison: Comparison) -> Iterator[Line]:
    """Count the rows, show the counters side by side, and give both verdicts."""
    yield Line(f"{'rows':<{COLUMNS}}").say(counts_text(comparison))
    if comparison.counters:
        width = max(len(one.name) for one in comparison.counters)
        columns = max(len(str(value)) for one in comparison.counters for value in (one.a, one.b))
        yield Line(f"{'counters':<{COLUMNS}}").glue(
            f"{'':{width}} {'A':>{columns}} {'B':>{columns}}", "quiet"
        )
        for one in comparison.counters:
            text = f"{one.name:<{width}} {one.a:>{columns}} {one.b:>{columns}}"
            yield Line(" " * COLUMNS).glue(text)
    for side, trace in (("A", comparison.a), ("B", comparison.b)):
        yield _verdict(side, trace.verdict)


def counts_text(comparison: Comparison) -> str:
    """Say how many rows are the same, and how many are not."""
    count = comparison.count
    if not comparison.differ:
        return f"{count[SAME]} the same, and so are counters and verdicts"
    only = f"{count[REMOVED]} only in A, {count[ADDED]} only in B"
    return f"{count[SAME]} the same, {count[CHANGED]} changed, {only}"


def ping_text(verdict: Verdict) -> str:
    """Say what ping saw."""
    errno = f", sendto fails with {verdict.errno}" if verdict.errno else ""
    return f"{verdict.received} of {verdict.sent} answered ({verdict.ping}){errno}"


def _verdict(side: str, verdict: Verdict) -> Line:
    line = Line(f"VERDICT {side} ", hang=COLUMNS, style="heading")
    line.glue(verdict.outcome.upper(), outcome_style(verdict.outcome))
    return line.say(f"({verdict.code}) {verdict.text}; {ping_text(verdict)}")


def brief(comparison: Comparison) -> str:
    """Say in one line where the traces part and the result of each; every row must have been compared."""
    verdicts = (comparison.a.verdict, comparison.b.verdict)
    ends = " | ".join(f"{one.outcome.upper()} ({one.code})" for one in verdicts)
    first = comparison.first
    if first is None:
        return f"rows the same, verdicts differ: {ends}"
    places = " | ".join("-" if one is None else f"row {one.row}" for one in (first.a, first.b))
    step = first.step
    where = f"{step.stage} on ({places}, echo {step.echo}, {step.packet})"
    return f"differ from {where}: {ends}; {counts_text(comparison)}"
