"""The eight steps with their rows, as links, and the lives of marks beside them: the page's way about."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import SAME, Pair
from ipsec_lo_trace.render.diff.rows import SIGN
from ipsec_lo_trace.render.html.markup import element, heard, words
from ipsec_lo_trace.render.html.sides import Side, Sides, anchor
from ipsec_lo_trace.render.ledger import Entry, ledger

MOST_ROWS = 2000
"""A page of so many has 8 MB."""


def nav_html(sides: Sides) -> Iterator[str]:
    """Yield the list, an echo at a time; UserError if it becomes too long."""
    rows = 0
    yield '<nav id="steps" aria-label="The eight steps and their rows">'
    yield _head(sides)
    yield '<ol class="steps">'
    for pairs in sides.echoes():
        rows += len(pairs)
        if rows > MOST_ROWS:
            raise UserError(
                f"more than {MOST_ROWS} rows: no browser shows such a page well",
                file=sides.columns[0].trace.name,
                hint="a trace of fewer requests (-c) shows the same",
            )
        lanes = [Lanes(ledger(rows)) for rows in columns(pairs, len(sides.columns))]
        for group in sides.groups(pairs):
            yield _group(sides, group, lanes)
    yield "</ol></nav>"


def _head(sides: Sides) -> str:
    """Head the columns of numbers and lanes; who listens hears the letter in each row."""
    numbers = "".join(element("span", side.letter.upper(), class_="no") for side in sides.columns)
    marks = ", ".join(side.letter.upper() for side in sides.columns)
    if len(sides.columns) == 1:
        numbers, marks = element("span", "row", class_="no"), ""
    line = numbers + element("span", "stage", class_="stage") + element("span", f"marks {marks}".strip())
    return element("p", line, class_="heads", aria_hidden="true")


def columns(pairs: list[Pair], count: int) -> list[list[Step]]:
    """Take pairs apart into the rows of each side."""
    halves = ([pair.a for pair in pairs], [pair.b for pair in pairs])
    return [[step for step in half if step is not None] for half in halves[:count]]


def _group(sides: Sides, group: list[Pair], lanes: list[Lanes]) -> str:
    step = group[0].step
    _number, title = sides.headings.heading(step, short=True)
    head = element("b", words(sides.headings.sign(step)), class_="number") + element(
        "span", words(title), class_="title"
    )
    rows = "".join(element("li", _row(sides, pair, lanes)) for pair in group)
    link = element("a", head, href=f"#{anchor(group[0])}", class_="step-link")
    return element("li", link + element("ol", rows, class_="rows"))


def _row(sides: Sides, pair: Pair, lanes: list[Lanes]) -> str:
    parts = [_number(side, step) for side, step in sides.halves(pair)]
    op = sides.op(pair)
    if op:
        parts.append(element("span", SIGN[op].replace(SIGN[SAME], ""), class_="op", aria_hidden="true"))
    parts.append(element("span", words(pair.step.stage) + _pointers(sides, pair), class_="stage"))
    if op:
        parts.append(heard(f", {sides.op_words(pair)}"))
    for lane, (_side, step) in zip(lanes, sides.halves(pair), strict=True):
        parts.append(lane.html(None if step is None else step.row))
    return element("a", "".join(parts), href=f"#{anchor(pair)}", class_=op)


def _number(side: Side, step: Step | None) -> str:
    spoken = heard(f"{side.letter.upper()} row ") if step else heard(f"no row of {side.letter.upper()} ")
    return element("span", f"{spoken}{step.row} " if step else spoken, class_="no")


def _pointers(sides: Sides, pair: Pair) -> str:
    """Name the roles that the verdicts give a row."""
    found = [side.pointers.get(step.row, "") for side, step in sides.halves(pair) if step]
    names = dict.fromkeys(name for name in found if name)
    return "".join(f" {element('em', words(name))}" for name in names)


class Lanes:
    """The lanes of one side and one echo."""

    def __init__(self, entries: list[Entry]) -> None:
        """Give each mark the first lane that is free."""
        self._lanes: list[list[Entry]] = []
        for entry in sorted(entries, key=lambda entry: entry.mark.row):
            free = next((lane for lane in self._lanes if _end(lane[-1]) < entry.mark.row), None)
            if free is None:
                self._lanes.append([entry])
            else:
                free.append(entry)

    def html(self, row: int | None) -> str:
        """Draw the lanes at a row: where marks are made, carried, stale, removed; all free without a row."""
        cells = "".join(_cell(lane, row) for lane in self._lanes)
        return element("span", cells, class_="lanes", aria_hidden="true")


def _end(entry: Entry) -> int:
    return entry.removed or entry.last


def _cell(lane: list[Entry], row: int | None) -> str:
    entry = next((one for one in lane if row is not None and one.mark.row <= row <= _end(one)), None)
    if entry is None:
        return "<i></i>"
    if row == entry.mark.row:
        return element("i", "+", class_="add")
    if row == entry.removed:
        return element("i", "-", class_="remove")
    if row == entry.stale_from:
        return element("i", "!", class_="stale")
    stale = entry.stale_from and row is not None and row > entry.stale_from
    return element("i", class_="stale" if stale else "keep")
