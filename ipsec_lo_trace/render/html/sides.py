"""One or two traces as the page's columns, and their rows side by side."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.align import by_echo
from ipsec_lo_trace.render.diff.compare import ADDED, CHANGED, REMOVED, SAME, Comparison, Pair
from ipsec_lo_trace.render.diff.words import label
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.html.following import Following
from ipsec_lo_trace.render.lanes import lanes_of
from ipsec_lo_trace.render.marks import crossing_text
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers


class Side:
    """A trace with its letter: "a" or "b" begins the names of its rows, as in ``#a18``.

    ``follow`` is that of the latest pass over the rows.
    """

    def __init__(self, letter: str, trace: StoredTrace, name: str) -> None:
        """Know the rows that the verdict points at and those where a packet crosses lo0."""
        self.letter = letter
        self.trace = trace
        self.name = name
        self.pointers = pointers(trace.verdict)
        self.crossings = {crossing.row: crossing_text(crossing) for crossing in trace.verdict.lo0}
        self.lanes = lanes_of(trace.steps())
        self.follow = Following(self.lanes)


class Sides:
    """The page's traces: one, or two that are compared.

    ``comparison`` is that of the latest pass over ``echoes``; None for one trace.
    """

    def __init__(self, a: StoredTrace, b: StoredTrace | None) -> None:
        """Name the columns; a trace alone needs no letter to be told apart."""
        self.comparison: Comparison | None = None
        self._traces = (a, b)
        traces = [a] if b is None else [a, b]
        self.columns = [
            Side(letter, trace, _name(letter if b else "", trace))
            for letter, trace in zip("ab", traces, strict=False)
        ]
        self.headings = Headings(max(traces, key=lambda trace: trace.run.requests).run)

    def echoes(self) -> Iterator[list[Pair]]:
        """Yield the rows of each echo, in order; of a single trace as left halves, with repeats folded."""
        a, b = self._traces
        for side in self.columns:
            side.follow = Following(side.lanes)
        if b is None:
            shown = self.columns[0].follow.shown(a.steps())
            for _number, rows in by_echo(shown, a.run.preload, a.name):
                yield [Pair(step, None) for step in rows]
            return
        self.comparison = Comparison(a, b)  # a new one, since it counts what it has seen
        for pairs in self.comparison.echoes():
            for pair in pairs:
                for side, step in self.halves(pair):
                    if step is not None:
                        side.follow.see(step)
            yield pairs

    def groups(self, pairs: list[Pair]) -> Iterator[list[Pair]]:
        """Yield the rows of an echo as the text view groups those of A, or of B where A has none."""
        for _name, group in groupby(pairs, lambda pair: self.headings.group(pair.step)):
            yield list(group)

    def halves(self, pair: Pair) -> Iterator[tuple[Side, Step | None]]:
        """Yield each column with its row, None where it has no such row."""
        yield from zip(self.columns, (pair.a, pair.b), strict=False)

    def again(self, pair: Pair) -> str:
        """Say what is folded behind a row; "" where nothing is."""
        return self.columns[0].follow.repeats.get(pair.step.row, "")

    def op(self, pair: Pair) -> str:
        """Say what happened to a row from A to B; "" if there is no B."""
        return pair.op if len(self.columns) > 1 else ""

    def op_words(self, pair: Pair) -> str:
        """Say it in words."""
        if len(self.columns) == 1:
            return ""
        differs = "; ".join(dict.fromkeys(label(name) for name in pair.fields))
        return {
            SAME: "the same in both",
            CHANGED: f"differs: {differs}",
            REMOVED: "only in A",
            ADDED: "only in B",
        }[pair.op]


def anchor(pair: Pair) -> str:
    """Name the place of a pair: its row of A, or else of B."""
    return f"b{pair.step.row}" if pair.a is None else f"a{pair.a.row}"


def _name(letter: str, trace: StoredTrace) -> str:
    name = trace.name or f"fix {trace.run.fix}"
    return f"{letter.upper()} {name}".strip()
