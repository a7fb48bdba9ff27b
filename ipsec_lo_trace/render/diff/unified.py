"""The difference of two traces as a unified diff of their minimal forms.

The rows are aligned as in the other views, echo by echo, so the time grows with the rows and no faster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from difflib import SequenceMatcher

from ipsec_lo_trace.render.diff.compare import SAME, Comparison, Pair
from ipsec_lo_trace.render.minimal import run_lines, step_lines, verdict_lines

Edit = tuple[str, str]
"""`` ``, ``-`` or ``+``, and a line of the minimal form."""


def diff_unified(comparison: Comparison, *, context: int) -> Iterator[str]:
    """Yield the lines of the unified diff; none if the minimal forms are the same."""
    hunks = _hunks(_sorted(_edits(comparison)), context)
    first = next(hunks, None)
    if first is None:
        return
    yield f"--- {comparison.a.name}"
    yield f"+++ {comparison.b.name}"
    yield from first
    for hunk in hunks:
        yield from hunk


def _edits(comparison: Comparison) -> Iterator[Edit]:
    """Yield both forms as one, line by line."""
    a, b = comparison.a, comparison.b
    yield from _between(list(run_lines(a.run)), list(run_lines(b.run)))
    for pairs in comparison.echoes():
        for pair in pairs:
            yield from _pair_edits(pair)
    yield from _between(list(verdict_lines(a.verdict)), list(verdict_lines(b.verdict)))


def _pair_edits(pair: Pair) -> Iterator[Edit]:
    left = [] if pair.a is None else list(step_lines(pair.a))
    if pair.op is SAME:
        return ((" ", line) for line in left)
    return _between(left, [] if pair.b is None else list(step_lines(pair.b)))


def _between(a: list[str], b: list[str]) -> Iterator[Edit]:
    for op, i, j, k, end in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if op == "equal":
            yield from ((" ", line) for line in a[i:j])
        else:
            yield from (("-", line) for line in a[i:j])
            yield from (("+", line) for line in b[k:end])


def _sorted(edits: Iterator[Edit]) -> Iterator[Edit]:
    """Put what goes before what comes, within each stretch of changes."""
    added: list[Edit] = []
    for edit in edits:
        if edit[0] == "+":
            added.append(edit)
            continue
        if edit[0] == " ":
            yield from added
            added = []
        yield edit
    yield from added


def _hunks(edits: Iterator[Edit], context: int) -> Iterator[list[str]]:
    """Gather changes that are near each other, with ``context`` lines around them."""
    before: deque[Edit] = deque(maxlen=context)
    hunk: list[Edit] = []
    start = at = (0, 0)
    quiet = 0
    for edit in edits:
        if edit[0] != " ":
            if not hunk:
                hunk = list(before)
                start = (at[0] - len(hunk), at[1] - len(hunk))
            quiet = 0
            hunk.append(edit)
        elif hunk:
            quiet += 1
            hunk.append(edit)
            if quiet > 2 * context:
                end = len(hunk) - quiet + context
                yield _lines(hunk[:end], start)
                before.extend(hunk[end:])
                hunk = []
        else:
            before.append(edit)
        at = (at[0] + (edit[0] != "+"), at[1] + (edit[0] != "-"))
    if hunk:
        yield _lines(hunk[: len(hunk) - max(quiet - context, 0)], start)


def _lines(hunk: list[Edit], start: tuple[int, int]) -> list[str]:
    spans = (_span(start[0], hunk, "+"), _span(start[1], hunk, "-"))
    return [f"@@ -{spans[0]} +{spans[1]} @@", *(sign + line for sign, line in hunk)]


def _span(start: int, hunk: list[Edit], others: str) -> str:
    """Return where a hunk begins and its number of lines unless that is one; an empty one is after a line."""
    count = sum(sign != others for sign, _line in hunk)
    begin = start + 1 if count else start
    return f"{begin}" if count == 1 else f"{begin},{count}"
