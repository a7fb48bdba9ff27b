"""The start card: what one looks at, in four sentences, and the lanes with what their marks say."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.render.html.markup import element, mark_name, row_link, words
from ipsec_lo_trace.render.html.sides import Sides, anchor
from ipsec_lo_trace.render.lanes import MEANINGS


def start_html(sides: Sides) -> str:
    """Return the card."""
    said = "".join(element("p", sentence) for sentence in _sentences(sides))
    return element("section", said + _lanes(sides), class_="start", aria_label="What this page shows")


def start_row(sides: Sides) -> str:
    """Name the row at which the page opens: the cause of a bad end or its effect, or where two part."""
    for side in sides.columns:
        verdict = side.trace.verdict
        row = next((row for row in (verdict.cause, verdict.effect, verdict.seen) if row is not None), None)
        if row is not None:
            return f"{side.letter}{side.follow.stand_in(row)}"
    first = sides.comparison.first if sides.comparison is not None else None
    return anchor(first) if first is not None else ""


def _sentences(sides: Sides) -> Iterator[str]:
    kernels = " and ".join(dict.fromkeys(side.trace.run.kernel for side in sides.columns))
    on = sides.columns[0].trace.run.interface
    yield words(f"Each row is one function of {kernels} FAST_IPSEC taking one packet on its way over {on}.")
    yield words("A mark is a tag or a flag on the packet that says what was done to it; each has a lane.")
    yield "".join(_stale(sides)) or words("No mark here outlives the packet that it was made for.")
    yield _opening(sides)


def _stale(sides: Sides) -> Iterator[str]:
    """Say what became stale first, of each side where something did."""
    for side in sides.columns:
        lives = side.follow.ledger.entries()
        stale = [life for life in lives if life.stale_from and life.last >= life.stale_from]
        if stale:
            first = min(life.stale_from for life in stale)
            marks = [life.mark for life in stale if life.stale_from == first]
            names = ", ".join(mark.name for mark in marks)
            ride = "ride" if len(marks) > 1 else "rides"
            name = f"In {side.letter.upper()}, " if len(sides.columns) > 1 else ""
            told = f"{name}{marks[0].made_for}'s {names} {ride} on with another packet"
            yield f"{words(told)} from row {row_link(first, side.letter)} on, stale. "


def _opening(sides: Sides) -> str:
    start = start_row(sides)
    comparison = sides.comparison
    parting = ""
    if comparison is not None:
        first = comparison.first
        parting = " The rows are the same in both."
        if first is not None:
            link = row_link(first.step.row, anchor(first)[0])
            parting = f" The two part in row {link}, {words(first.step.stage)}."
    at = f"row {row_link(start[1:], start[0])}" if start else "the first row"
    left, right = element("kbd", "&#8592;"), element("kbd", "&#8594;")
    return f"The page opens at {at}; {left} and {right} lead on.{parting}"


def _lanes(sides: Sides) -> str:
    """List the lanes' names, each once, with what such a mark says."""
    names = dict.fromkeys(lane.name for side in sides.columns for lane in side.lanes)
    said = (element("li", f"{mark_name(name)} {words(MEANINGS.get(name, ''))}") for name in names)
    return element("ul", "".join(said), class_="named") if names else ""
