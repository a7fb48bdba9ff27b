"""Find the expectations that a trace does not meet, each with the row that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from ipsec_lo_trace.cli.checking.model import Check, Mismatch
from ipsec_lo_trace.model.codes import UNASKED
from ipsec_lo_trace.render.marks import crossing_text
from ipsec_lo_trace.render.store import StoredTrace

NOTHING = "(nothing)"


def mismatches(check: Check, trace: StoredTrace, minimal: list[tuple[int, str]]) -> Iterator[Mismatch]:
    """Yield what differs, in a fixed order; ``minimal`` are the trace's own minimal lines with their rows."""
    finder = Finder(check, trace)
    yield from finder.words()
    yield from finder.lo0()
    yield from finder.counters()
    yield from finder.minimal(minimal)


class Finder:
    """Compares one check with one trace."""

    def __init__(self, check: Check, trace: StoredTrace) -> None:
        self.check = check
        self.trace = trace
        self._events: dict[int, str] = {}
        self._moved: dict[str, int] = {}
        for step in trace.steps():
            self._events[step.row] = f"{step.stage} {step.packet}: {step.text}"
            self._moved.update(dict.fromkeys(step.counters, step.row))

    def words(self) -> Iterator[Mismatch]:
        """Compare what the verdict says in one word.

        Where no policy asked for protection an outcome alone is not met: the check has to say that code, too.
        """
        verdict = self.trace.verdict
        unasked = verdict.code == UNASKED and self.check.expected.code is None
        for key, got in (
            ("outcome", f"{verdict.outcome} ({verdict.code})" if unasked else verdict.outcome),
            ("code", verdict.code),
            ("ping", verdict.ping),
            ("errno", verdict.errno or ""),
        ):
            expected = getattr(self.check.expected, key)
            if expected not in (None, got):
                yield self._mismatch(key, expected or NOTHING, got or NOTHING, self._telling_row())

    def lo0(self) -> Iterator[Mismatch]:
        """Compare what crossed lo0; the first difference is told."""
        expected = self.check.expected.lo0
        if expected is None:
            return
        crossings = self.trace.verdict.lo0
        got = [crossing_text(crossing) for crossing in crossings]
        for at, (want, came) in enumerate(zip_longest(expected, got)):
            if want != came:
                row = crossings[at].row if came is not None else self._last_row()
                yield self._mismatch(f"lo0[{at}]", want or NOTHING, came or NOTHING, row, "lo0")
                return

    def counters(self) -> Iterator[Mismatch]:
        """Compare the counters that are named, and the others too if only these may move."""
        expected = self.check.expected.counters
        if expected is None:
            return
        moved = self.trace.verdict.counters
        others = [name for name in moved if name not in expected and self.check.expected.counters_only]
        for name in (*expected, *others):
            want, got = expected.get(name, 0), moved.get(name, 0)
            if want != got:
                row = self._moved.get(name) or self._last_row()
                yield self._mismatch(name, str(want), str(got), row, "counters")

    def minimal(self, lines: list[tuple[int, str]]) -> Iterator[Mismatch]:
        """Compare the minimal trace line by line; the first difference is told."""
        minimal = self.check.minimal
        if minimal is None:
            return
        for at, (want, came) in enumerate(zip_longest(minimal.lines, lines)):
            row, line = came or (0, None)
            if want != line:
                yield Mismatch(
                    what=f"minimal trace, line {at + 1}",
                    expected=NOTHING if want is None else want,
                    got=NOTHING if line is None else line,
                    file=minimal.file,
                    line=minimal.line + min(at, len(minimal.lines)),
                    row=row or self._telling_row(),
                    event=self._event(row or self._telling_row()),
                )
                return

    def _mismatch(self, key: str, expected: str, got: str, row: int, instead: str = "") -> Mismatch:
        line = self.check.line(key, instead)
        return Mismatch(
            what=key,
            expected=expected,
            got=got,
            file=self.check.file,
            line=line,
            row=row,
            event=self._event(row),
        )

    def _telling_row(self) -> int:
        """Return the row that the verdict rests on; the last one if nothing happened that it names."""
        verdict = self.trace.verdict
        rows = (verdict.effect, verdict.seen, verdict.unseen, verdict.cause)
        return next((row for row in rows if row is not None), self._last_row())

    def _last_row(self) -> int:
        return max(self._events, default=0)

    def _event(self, row: int) -> str:
        """Say in words what happened at a row."""
        return self._events.get(row, "the run has no row")
