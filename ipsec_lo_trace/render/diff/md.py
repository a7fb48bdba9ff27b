"""The difference of two traces as Markdown, for a review or a CI summary."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.render.diff.compare import SAME, Comparison, Pair
from ipsec_lo_trace.render.diff.ends import counts_text, ping_text, run_words
from ipsec_lo_trace.render.diff.fold import fold
from ipsec_lo_trace.render.diff.text import SIGNS, fold_text
from ipsec_lo_trace.render.diff.words import label, sides
from ipsec_lo_trace.render.timeline import packet_text

ESCAPED = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|"})


def diff_md(comparison: Comparison, *, context: int) -> Iterator[str]:
    """Yield the lines of the page."""
    traces = (("A", comparison.a), ("B", comparison.b))
    yield "# Trace difference"
    yield ""
    yield from _table("", "A", "B")
    yield _cells("trace", *(trace.name for _side, trace in traces))
    yield _cells("kernel", *(f"{trace.run.kernel}, fix {trace.run.fix}" for _side, trace in traces))
    for one in comparison.run:
        yield _cells(label(one.name), *run_words(one))
    yield ""
    yield from _table("", "row of A", "row of B", "echo", "packet", "stage", "what", "in A", "in B")
    yield from _rows(comparison, context)
    yield ""
    yield f"Rows: {counts_text(comparison)}."
    yield ""
    yield from _table("", "A", "B")
    for name in ("outcome", "code", "text"):
        yield _cells(name, *(str(getattr(trace.verdict, name)) for _side, trace in traces))
    yield _cells("ping", *(ping_text(trace.verdict) for _side, trace in traces))
    for one in comparison.counters:
        yield _cells(one.name, str(one.a), str(one.b))


def _rows(comparison: Comparison, context: int) -> Iterator[str]:
    named = False
    for item in fold(comparison.echoes(), context):
        if not isinstance(item, Pair):
            yield _cells("", "", "", "", "", "", fold_text(item), "", "")
            continue
        first = "first difference" if item.op is not SAME and not named else ""
        named = named or bool(first)
        yield from _pair(item, first)


def _pair(pair: Pair, first: str) -> Iterator[str]:
    step = pair.step
    rows = ["" if one is None else str(one.row) for one in (pair.a, pair.b)]
    place = (SIGNS[pair.op], *rows, str(step.echo), step.packet, step.stage)
    if not pair.fields:
        cells = ("" if one is None else f"{packet_text(one.wire)}: {one.text}" for one in (pair.a, pair.b))
        yield _cells(*place, first, *cells)
    for name in pair.fields:
        yield _cells(*place, "; ".join(filter(None, (first, label(name)))), *sides(pair, name))
        first = ""
        place = ("", "", "", "", "", "")


def _table(*heads: str) -> Iterator[str]:
    yield _cells(*heads)
    yield "|" + " --- |" * len(heads)


def _cells(*cells: str) -> str:
    return f"| {' | '.join(cell.translate(ESCAPED) for cell in cells)} |"
