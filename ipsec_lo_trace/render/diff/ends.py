"""The lines above a difference of two traces (what was compared) and below it (the results)."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Difference
from ipsec_lo_trace.render.diff.words import both, label, phrases
from ipsec_lo_trace.render.styles import Line, outcome_style

COLUMNS = 10


def head_lines(comparison: Comparison) -> Iterator[Line]:
    """Give both verdicts, and say what differs in what was run."""
    for side, trace in (("A", comparison.a), ("B", comparison.b)):
        verdict = trace.verdict
        line = Line(f"{side}  ", hang=4, style="heading").glue(trace.name, "heading")
        line.glue(verdict.outcome.upper(), outcome_style(verdict.outcome))
        yield line.say(f"({verdict.code}) {verdict.text}; {ping_text(verdict)}")
    for one in comparison.run:
        a, b = run_words(one)
        line = Line(f"{label(one.name):<{COLUMNS - 1}} ", hang=COLUMNS)
        yield line.say(a, "bad").say("=>", "quiet").say(b, "add")


def parting_line(comparison: Comparison) -> Line:
    """Say at which row the traces part; as far as rows were compared."""
    first = comparison.first
    line = Line(f"{'part at':<{COLUMNS}}", hang=COLUMNS)
    if first is None:
        return line.say("no row: the same functions did the same")
    rows = [("a row that only B has" if first.a is None else f"row {first.a.row} of A")]
    rows.append("which B has not" if first.b is None else f"row {first.b.row} of B")
    step = first.step
    return line.say(f"{', '.join(rows)}: {step.stage} of {step.packet}, echo {step.echo}", "pointer")


def run_words(one: Difference) -> tuple[str, str]:
    """Say what each run has in a field, without what both have."""
    return both(phrases(one.a), phrases(one.b))


def end_lines(comparison: Comparison) -> Iterator[Line]:
    """Count the rows, and show the counters side by side with their difference."""
    yield Line(f"{'rows':<{COLUMNS}}").say(counts_text(comparison))
    if not comparison.counters:
        return
    width = max(len(one.name) for one in comparison.counters)
    columns = max(len(f"{value:+}") for one in comparison.counters for value in (one.a, one.b, one.b - one.a))
    heads = "".join(f" {head:>{columns}}" for head in ("A", "B", "B-A"))
    yield Line(f"{'counters':<{COLUMNS}}").glue(f"{'':{width}}{heads}", "quiet")
    for one in comparison.counters:
        numbers = f" {one.a:>{columns}} {one.b:>{columns}} {one.b - one.a:>+{columns}}"
        yield Line(" " * COLUMNS).glue(f"{one.name:<{width}}{numbers}")


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
