"""Give every mark a lane of its own in a picture, from the row where it is made to the row where it ends."""

from __future__ import annotations

from typing import Literal

import msgspec

from ipsec_lo_trace.model.trace import Mark
from ipsec_lo_trace.render.export.flow import Moment, mbuf

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
