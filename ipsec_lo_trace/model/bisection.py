"""The result of a bisection: one record for each row that was tried."""

from __future__ import annotations

import msgspec


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
