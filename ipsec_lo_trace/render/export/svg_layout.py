"""Where everything of the picture goes: rows from top to bottom, in pixels, and marks in lanes."""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Iterator
from typing import Literal

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.render.export.flow import Moment, follow
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.lanes import Lane, Placing, lanes_of
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.repeats import Hidden, Repeat, folded
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers

State = Literal["made", "kept", "gone"]


class Cell(msgspec.Struct, frozen=True):
    """One mark at one row: its lane (from 0), what becomes of it there, whether it settled a question."""

    lane: int
    mark: Mark
    state: State
    settled: bool


def cells(lanes: list[Lane], placing: Placing, now: Moment) -> list[Cell]:
    """Place the marks of a row in their lanes; rows come in order."""
    borne, lost = placing.place(now.step)
    settled = {(check.mark.row, check.mark.name) for check in now.step.checks if check.mark}
    made = {(change.mark.row, change.mark.name) for change in now.step.changes if change.op == "add"}
    found = []
    for number, lane in enumerate(lanes):
        mark = borne.get(lane) or lost.get(lane)
        if mark is not None:
            key = (mark.row, mark.name)
            gone = lane not in borne or now.ends
            state: State = "made" if key in made and lane in borne else "gone" if gone else "kept"
            found.append(Cell(number, mark, state, key in settled))
    return found


MOST_ROWS = 2000
LINE = 18
"""The height of a line of text."""
TEXT_COLUMNS = 74
GAP = 8
"""Above and below the text of a heading, and below a row."""


class Placed(msgspec.Struct):
    """One row of the picture: its top, its heights (heading and row), its words and its marks.

    ``now`` is None where rows are folded, and the words say which.
    """

    now: Moment | None
    top: int
    heading: str
    lines: list[str]
    note: str
    cells: list[Cell]

    @property
    def row_top(self) -> int:
        """Where the row itself begins, below its heading."""
        return self.top + (LINE + GAP if self.heading else 0)

    @property
    def bottom(self) -> int:
        """Where the next row begins."""
        return self.row_top + LINE * len(self.lines) + GAP


class Picture(msgspec.Struct):
    """A whole trace as a picture: its lanes, by name, and how far down it goes."""

    trace: StoredTrace
    lanes: list[Lane]
    bottom: int

    def rows(self, top: int) -> Iterator[Placed]:
        """Place every row, the first at ``top``; each pass over a trace gives the same."""
        placing = Placing()
        notes = pointers(self.trace.verdict)
        headings = Headings(self.trace.run)
        group = (0, "")
        moments: deque[Moment] = deque()
        for each in folded(_followed(self.trace, moments)):
            if isinstance(each, Repeat):
                yield (row := Placed(None, top, "", textwrap.wrap(each.words, TEXT_COLUMNS), "", []))
                top = row.bottom
                continue
            step = each.step if isinstance(each, Hidden) else each
            now = moments.popleft()
            if isinstance(each, Hidden):
                placing.place(step)
                continue
            heading = ""
            if group != headings.group(step):
                group = headings.group(step)
                heading = ": ".join(filter(None, headings.heading(step)))
            note = notes.get(step.row, "")
            row = Placed(now, top, heading, _lines(step, note), note, cells(self.lanes, placing, now))
            yield row
            top = row.bottom


def _followed(trace: StoredTrace, moments: deque[Moment]) -> Iterator[Step]:
    """Yield the rows of a trace; what else is known of each is put into ``moments``, in their order."""
    for now in follow(trace):
        moments.append(now)
        yield now.step


def measure(trace: StoredTrace, top: int) -> Picture:
    """Find out which lanes there are and how large the picture will be; UserError if it is too large."""
    picture = Picture(trace, lanes_of(trace.steps()), top)
    for number, row in enumerate(picture.rows(top), start=1):
        picture.bottom = row.bottom
        if number > MOST_ROWS:
            reason = f"more than {MOST_ROWS} rows: no viewer shows such a picture well"
            hint = "a trace of fewer requests (-c) shows the same"
            raise UserError(reason, file=trace.name, hint=hint)
    return picture


def _lines(step: Step, note: str) -> list[str]:
    """Wrap what happens, with the marks that it is about in front, and room for a note before that."""
    signs = {"add": "+", "remove": "-"}
    marks = [f"{signs[change.op]} {change.mark.name}" for change in step.changes]
    marks += [f"{sign(check.mark)} {check.mark.name}" for check in step.checks if check.mark]
    text = ", ".join(dict.fromkeys(marks)) + (": " if marks and step.text else "") + step.text
    lines = textwrap.wrap(text, TEXT_COLUMNS, initial_indent=" " * (len(note) + 2 if note else 0))
    return [line.lstrip() for line in lines] or [""]
