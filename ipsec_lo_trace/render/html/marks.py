"""The marks' ledger, for one row and for the whole trace."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import Mark, Step
from ipsec_lo_trace.render.html.markup import element, linked, mark_name, table, words
from ipsec_lo_trace.render.ledger import Entry, Ledger
from ipsec_lo_trace.render.marks import sa_text
from ipsec_lo_trace.render.styles import Line

NEW, GONE, STALE, KEPT = "+ new", "- gone", "! stale", "= kept"
MOST_MARKS = 16
STYLES = {NEW: "add", GONE: "remove", STALE: "stale", KEPT: "keep"}


def marks_html(step: Step, book: Ledger, letter: str) -> str:
    """Return the ledger of the marks that a row's packet bears or loses there, up to that row."""
    states = list(_states(step))
    if not states:
        return element("p", "The packet bears no mark.", class_="quiet")
    rows = [_row(state, mark, book.entry(step, mark), step, letter) for state, mark in states[:MOST_MARKS]]
    left = len(states) - len(rows)
    more = element("p", f"and {left} more, older than these", class_="quiet") if left else ""
    return table(("mark", "its life so far"), rows, class_="marks") + more


def _states(step: Step) -> Iterator[tuple[str, Mark]]:
    added = [change.mark for change in step.changes if change.op == "add"]
    for change in step.changes:
        if change.op == "remove":
            yield GONE, change.mark
    for mark in step.marks:
        yield NEW if mark in added else STALE if mark.stale else KEPT, mark


def _row(state: str, mark: Mark, entry: Entry, step: Step, letter: str) -> tuple[str, str]:
    name = element("span", words(f"{state} "), class_=f"m {STYLES[state]}") + mark_name(mark.name)
    sa = element("small", words(sa_text(mark).strip())) if mark.spi is not None else ""
    return name + sa, linked(_life(entry, step.row), letter)


def _life(entry: Entry, row: int) -> Line:
    """Tell a mark's life up to a row; what comes later is told by later rows."""
    mark = entry.mark
    settled = sorted({one for one in entry.settled if one <= row})
    stale = bool(entry.stale_from) and entry.stale_from <= row
    removed = bool(entry.removed) and entry.removed <= row
    more = ";" if settled or stale or removed else ""
    line = Line().say(f"made for {mark.made_for} in").refer([mark.row]).say(f"({entry.stage}){more}")
    if settled:
        line.say("settled a question in").refer(settled, after=";" if stale or removed else "")
    if stale:
        line.say("stale from").refer([entry.stale_from], after=";" if removed else "")
    return line.say("removed here" if removed else "")
