"""Where everything of the picture goes: rows from top to bottom, in pixels, and marks in lanes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Literal

import msgspec

from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.render.export.flow import Moment, follow, mbuf
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers

Key = tuple[int, str]


class Cell(msgspec.Struct, frozen=True):
    """One mark at one row: its lane (from 0), what becomes of it there, whether it settled a question."""

    lane: int
    mark: Mark
    state: Literal["made", "kept", "gone"]
    settled: bool


class Lanes:
    """The lanes in use; a lane is free again as soon as its mark is gone."""

    def __init__(self) -> None:
        """Begin with none."""
        self._used: set[int] = set()
        self._lanes: dict[tuple[int, str], dict[Key, tuple[int, Mark]]] = {}

    def cells(self, now: Moment) -> list[Cell]:
        """Place the marks of a row; rows come in order."""
        before = self._lanes.pop(mbuf(now.step), {})
        after: dict[Key, tuple[int, Mark]] = {}
        for mark in now.step.marks:
            key = (mark.row, mark.name)
            lane = before[key][0] if key in before else self._free()
            self._used.add(lane)
            after[key] = (lane, mark)
        settled = {(check.mark.row, check.mark.name) for check in now.step.checks if check.mark}
        made = {(change.mark.row, change.mark.name) for change in now.step.changes if change.op == "add"}
        cells = [
            Cell(lane, mark, "made" if key in made else "gone" if now.ends else "kept", key in settled)
            for key, (lane, mark) in after.items()
        ]
        gone = {key: value for key, value in before.items() if key not in after}
        cells += [Cell(lane, mark, "gone", key in settled) for key, (lane, mark) in gone.items()]
        self._release(gone)
        if now.ends:
            self._release(after)
        elif after:
            self._lanes[mbuf(now.step)] = after
        return sorted(cells, key=lambda cell: cell.lane)

    def _free(self) -> int:
        return next(lane for lane in range(len(self._used) + 1) if lane not in self._used)

    def _release(self, marks: dict[Key, tuple[int, Mark]]) -> None:
        self._used.difference_update(lane for lane, _mark in marks.values())


LINE = 18
"""The height of a line of text."""
TEXT_COLUMNS = 74
GAP = 8
"""Above and below the text of a heading, and below a row."""


class Placed(msgspec.Struct):
    """One row of the picture: its top, its heights (heading and row), its words and its marks."""

    now: Moment
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


class Size(msgspec.Struct):
    """How much room a whole trace takes."""

    bottom: int
    lanes: int = 0


def placed(trace: StoredTrace, top: int) -> Iterator[Placed]:
    """Place every row, the first at ``top``; each pass over a trace gives the same."""
    lanes = Lanes()
    notes = pointers(trace.verdict)
    headings = Headings(trace.run)
    group = (0, "")
    for now in follow(trace):
        step = now.step
        heading = ""
        if group != headings.group(step):
            group = headings.group(step)
            heading = ": ".join(filter(None, headings.heading(step)))
        note = notes.get(step.row, "")
        row = Placed(now, top, heading, _lines(step, note), note, lanes.cells(now))
        yield row
        top = row.bottom


def measure(trace: StoredTrace, top: int) -> Size:
    """Find out how large the picture will be."""
    size = Size(top)
    for row in placed(trace, top):
        size.bottom = row.bottom
        size.lanes = max([size.lanes, *(cell.lane + 1 for cell in row.cells)])
    return size


def _lines(step: Step, note: str) -> list[str]:
    """Wrap what happens, with the marks that it is about in front, and room for a note before that."""
    signs = {"add": "+", "remove": "-"}
    marks = [f"{signs[change.op]} {change.mark.name}" for change in step.changes]
    marks += [f"{sign(check.mark)} {check.mark.name}" for check in step.checks if check.mark]
    text = ", ".join(dict.fromkeys(marks)) + (": " if marks and step.text else "") + step.text
    lines = textwrap.wrap(text, TEXT_COLUMNS, initial_indent=" " * (len(note) + 2 if note else 0))
    return [line.lstrip() for line in lines] or [""]
