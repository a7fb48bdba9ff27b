"""Where everything of the picture goes, from top to bottom; lengths in pixels."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.export.flow import Moment, follow
from ipsec_lo_trace.render.export.lanes import Cell, Lanes
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import pointers

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
