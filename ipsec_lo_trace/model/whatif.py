"""Experiments on the marks of a packet: what would have happened without them?"""

from __future__ import annotations

import msgspec


class Cut(msgspec.Struct, frozen=True):
    """Delete ``marks`` after the ``visit``-th time that an echo comes to ``stage``; 0 means every time."""

    marks: str
    stage: str
    visit: int = 0

    def __str__(self) -> str:
        return f"{self.marks}@{self.stage}" + (f":{self.visit}" if self.visit else "")


class Try(msgspec.Struct, frozen=True):
    """What became of the run with the tags deleted after one row.

    ``prevents``: the outcome is less serious than before.  ``changes_request``: the request crosses lo0 in
    another form than before (wrapped once more, or not at all), which no fix may do.
    """

    row: int
    stage: str
    visit: int
    packet: str
    outcome: str
    code: str
    prevents: bool
    changes_request: bool
