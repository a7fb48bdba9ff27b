"""The difference of two traces as Markdown, for a review or a CI summary."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.render.diff.compare import Comparison, Pair
from ipsec_lo_trace.render.diff.ends import counts_text, parting_line, ping_text, run_words
from ipsec_lo_trace.render.diff.fold import Again, Folded, fold
from ipsec_lo_trace.render.diff.rows import SIGN
from ipsec_lo_trace.render.diff.text import fold_text
from ipsec_lo_trace.render.diff.words import label, sides
from ipsec_lo_trace.render.markdown import cells, paragraph, table
from ipsec_lo_trace.render.phrases import phrase
from ipsec_lo_trace.render.styles import UNWRAPPED
from ipsec_lo_trace.render.timeline import packet_text


def diff_md(comparison: Comparison, *, context: int) -> Iterator[str]:
    """Yield the lines of the page: the results, what each row did, and folded, every field that differs."""
    traces = (("A", comparison.a), ("B", comparison.b))
    items = list(fold(comparison.echoes(), context))
    yield "# Trace difference"
    yield ""
    yield from table("", "A", "B")
    for name in ("outcome", "code", "text"):
        yield cells(name, *(str(getattr(trace.verdict, name)) for _side, trace in traces))
    yield cells("ping", *(ping_text(trace.verdict) for _side, trace in traces))
    yield cells("trace", *(trace.name for _side, trace in traces))
    yield cells("kernel", *(f"{trace.run.kernel}, fix {trace.run.fix}" for _side, trace in traces))
    for one in comparison.run:
        yield cells(label(one.name), *run_words(one))
    yield ""
    yield paragraph(f"They {parting_line(comparison).plain(UNWRAPPED)[0]}.")
    yield ""
    yield from table("", "row of A", "row of B", "function", "in A", "in B")
    for item in items:
        yield _short(item)
    yield ""
    yield f"Rows: {counts_text(comparison)}."
    yield ""
    yield "<details><summary>Every field that differs</summary>"
    yield ""
    yield from table("", "row of A", "row of B", "echo", "packet", "stage", "what", "in A", "in B")
    for item in items:
        if isinstance(item, Pair):
            yield from _pair(item)
    yield ""
    yield "</details>"
    if comparison.counters:
        yield ""
        yield from table("counter", "A", "B", "B - A")
        for one in comparison.counters:
            yield cells(one.name, str(one.a), str(one.b), f"{one.b - one.a:+}")


def _short(item: Pair | Folded | Again) -> str:
    """Say in one line what a row did on either side, or what was folded."""
    if not isinstance(item, Pair):
        return cells("", "", "", fold_text(item), "", "")
    rows = ["" if one is None else str(one.row) for one in (item.a, item.b)]
    did = ("" if one is None else phrase(one) for one in (item.a, item.b))
    return cells(SIGN[item.op], *rows, item.step.stage, *did)


def _pair(pair: Pair) -> Iterator[str]:
    step = pair.step
    rows = ["" if one is None else str(one.row) for one in (pair.a, pair.b)]
    place = (SIGN[pair.op], *rows, str(step.echo), step.packet, step.stage)
    if not pair.fields:
        said = ("" if one is None else f"{packet_text(one.wire)}: {one.text}" for one in (pair.a, pair.b))
        yield cells(*place, "", *said)
    for name in pair.fields:
        yield cells(*place, label(name), *sides(pair, name))
        place = ("", "", "", "", "", "")
