"""The result of a bisection as lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.model.whatif import Try
from ipsec_lo_trace.render.header import verdict_line
from ipsec_lo_trace.render.styles import Line, outcome_style

STAGE_COLUMNS = 22


def bisection(
    verdict: Verdict, tries: list[Try], stretches: list[tuple[Try, Try]], width: int
) -> Iterator[Text]:
    """Say what was tried at each row, and between which rows stripping the tags helps."""
    yield from verdict_line(verdict).wrap(width)
    if not tries:
        yield from Line().say("There is nothing to find: the run was clean.").wrap(width)
        return
    yield from Line(style="quiet").say("with the tags deleted right after a row:", "quiet").wrap(width)
    for each in tries:
        yield from _try_line(each).wrap(width)
    for first, last in stretches:
        yield from _stretch_line(first, last, verdict).wrap(width)
    if not stretches:
        yield from Line().say("At no row does deleting the tags prevent it.", "bad").wrap(width)


def _try_line(each: Try) -> Line:
    line = Line(f"{each.row:>3} {each.stage:<{STAGE_COLUMNS}} {each.packet:<3} ")
    line.glue(each.outcome, outcome_style(each.outcome)).say(f"({each.code})")
    if each.changes_request:
        line.say("breaks something else: the request crosses lo0 in another form", "bad")
    elif each.prevents:
        line.say("prevents it", "clean")
    return line


def _stretch_line(first: Try, last: Try, verdict: Verdict) -> Line:
    line = Line("prevented ", hang=4, style="heading").say(f"({verdict.outcome}) from row")
    line.say(f"{first.row} ({first.stage}, the earliest) to row {last.row} ({last.stage}, the latest)")
    return line
