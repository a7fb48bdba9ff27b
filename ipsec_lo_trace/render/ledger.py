"""The ledger of marks: one line for each, from its birth to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.render.marks import sa_text
from ipsec_lo_trace.render.styles import Line

Key = tuple[int, int, str]


class Entry(msgspec.Struct):
    """One mark's life: rows where it was made, became stale, settled a question, and ended."""

    mark: Mark
    echo: int
    stage: str
    stale_from: int = 0
    settled: list[int] = msgspec.field(default_factory=list)
    removed: int = 0
    last: int = 0


class Ledger:
    """The marks of the rows that were seen."""

    def __init__(self) -> None:
        """Begin with no mark."""
        self._entries: dict[Key, Entry] = {}

    def see(self, step: Step) -> None:
        """Follow every mark of a row.

        UserError for a mark that no row has made, as in a trace that was changed by hand.
        """
        for change in step.changes:
            key = _key(step, change.mark)
            if change.op == "add":
                # A copy of a stale mark is that mark, born where it was.
                self._entries.setdefault(key, Entry(change.mark, step.echo, step.stage, last=step.row))
            elif key in self._entries:
                self._entries[key].removed = step.row
                if change.mark.stale:
                    self._entries[key].stale_from = self._entries[key].stale_from or step.row
        for mark in step.marks:
            entry = self.entry(step, mark)
            entry.last = step.row
            if mark.stale:
                entry.stale_from = entry.stale_from or step.row
        for check in step.checks:
            if check.mark is not None:
                self.entry(step, check.mark).settled.append(step.row)

    def entry(self, step: Step, mark: Mark) -> Entry:
        """Return the life of a mark that a row's packet bears or loses."""
        entry = self._entries.get(_key(step, mark))
        if entry is None:
            reason = f"row {step.row} has a mark {mark.name} of row {mark.row}, which made none"
            raise UserError(reason, hint="no tracer writes such a trace")
        return entry

    def entries(self) -> list[Entry]:
        """Return all of them, in the order in which they were made."""
        return list(self._entries.values())


def ledger(steps: Iterable[Step]) -> list[Entry]:
    """Follow every mark of a trace; in the order in which they were made."""
    book = Ledger()
    for step in steps:
        book.see(step)
    return book.entries()


def _key(step: Step, mark: Mark) -> Key:
    return step.echo, mark.row, mark.name


def ledger_lines(entries: Iterable[Entry]) -> Iterator[Line]:
    """Yield the ledger as lines."""
    yield Line().say("marks", "heading")
    for entry in entries:
        mark = entry.mark
        line = Line(" ", hang=4).glue(f"{mark.name}{sa_text(mark)}", "stale" if entry.stale_from else "")
        line.say(f"made for {mark.made_for} of echo {entry.echo} in").refer([mark.row]).say(
            f"({entry.stage});"
        )
        if entry.settled:
            line.say("settled a question in").refer(sorted(set(entry.settled)), after=";")
        if entry.stale_from:
            line.say("stale from", "stale").refer([entry.stale_from], after=";", style="stale")
        line.say("removed in" if entry.removed else "ends with its packet in")
        line.refer([entry.removed or entry.last])
        yield line
