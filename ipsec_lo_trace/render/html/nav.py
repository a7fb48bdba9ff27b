"""The eight steps with their rows, as links, and the lives of marks beside them: the page's way about."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import SAME, Pair
from ipsec_lo_trace.render.diff.rows import SIGN
from ipsec_lo_trace.render.html.markup import element, heard, words
from ipsec_lo_trace.render.html.sides import Side, Sides, anchor
from ipsec_lo_trace.render.lanes import MEANINGS, SIGNS, STYLES, Sign

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
        for group in sides.groups(pairs):
            yield _group(sides, group)
    yield "</ol></nav>"


def _head(sides: Sides) -> str:
    """Head the columns of numbers and lanes; who listens hears the letter in each row."""
    numbers = "".join(element("span", side.letter.upper(), class_="no") for side in sides.columns)
    if len(sides.columns) == 1:
        numbers = element("span", "row", class_="no")
    lanes = "".join(element("span", _names(side), class_="lanes") for side in sides.columns)
    line = numbers + element("span", "stage", class_="stage") + lanes
    return element("p", line, class_="heads", aria_hidden="true")


def _names(side: Side) -> str:
    """Write the lanes' names upwards."""
    return "".join(
        element("i", words(lane.name), title=f"{side.letter.upper()}: {MEANINGS.get(lane.name, lane.name)}")
        for lane in side.lanes
    )


def columns(pairs: list[Pair], count: int) -> list[list[Step]]:
    """Take pairs apart into the rows of each side."""
    halves = ([pair.a for pair in pairs], [pair.b for pair in pairs])
    return [[step for step in half if step is not None] for half in halves[:count]]


def _group(sides: Sides, group: list[Pair]) -> str:
    step = group[0].step
    _number, title = sides.headings.heading(step, short=True)
    head = element("b", words(sides.headings.sign(step)), class_="number") + element(
        "span", words(title), class_="title"
    )
    rows = "".join(element("li", _row(sides, pair)) for pair in group)
    link = element("a", head, href=f"#{anchor(group[0])}", class_="step-link")
    return element("li", link + element("ol", rows, class_="rows"))


def _row(sides: Sides, pair: Pair) -> str:
    parts = [_number(side, step) for side, step in sides.halves(pair)]
    op = sides.op(pair)
    if op:
        parts.append(element("span", SIGN[op].replace(SIGN[SAME], ""), class_="op", aria_hidden="true"))
    parts.append(element("span", words(pair.step.stage) + _pointers(sides, pair), class_="stage"))
    if op:
        parts.append(heard(f", {sides.op_words(pair)}"))
    parts += [_lanes(side, step) for side, step in sides.halves(pair)]
    row = element("a", "".join(parts), href=f"#{anchor(pair)}", class_=op)
    return row + element("p", words(again), class_="again") if (again := sides.again(pair)) else row


def _number(side: Side, step: Step | None) -> str:
    spoken = heard(f"{side.letter.upper()} row ") if step else heard(f"no row of {side.letter.upper()} ")
    return element("span", f"{spoken}{step.row} " if step else spoken, class_="no")


def _pointers(sides: Sides, pair: Pair) -> str:
    """Name the roles that the verdicts give a row."""
    found = [side.pointers.get(step.row, "") for side, step in sides.halves(pair) if step]
    names = dict.fromkeys(name for name in found if name)
    return "".join(f" {element('em', words(name))}" for name in names)


def _lanes(side: Side, step: Step | None) -> str:
    """Draw the lanes at a row, in the signs of the text; all free without a row."""
    none: Sign = "none"
    signs = (none,) * len(side.lanes) if step is None else side.follow.borne[step.row].signs
    cells = "".join(_cell(lane.name, sign) for lane, sign in zip(side.lanes, signs, strict=True))
    return element("span", cells, class_="lanes", aria_hidden="true")


def _cell(name: str, sign: Sign) -> str:
    if sign == "none":
        return "<i></i>"
    glyph, _ascii, meaning = SIGNS[sign]
    return element("i", glyph, class_=STYLES[sign], title=f"{name}: {meaning}")
