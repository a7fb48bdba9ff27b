"""The lives of marks as lanes along the rows: a mark has a lane while it lives, and another may follow."""

from __future__ import annotations

from ipsec_lo_trace.render.html.markup import element
from ipsec_lo_trace.render.ledger import Entry


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
