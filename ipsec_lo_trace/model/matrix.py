"""The table of every case under every fix: what is run where, and the result of each run."""

from __future__ import annotations

from typing import Literal

import msgspec

NONE = "none"
SCHEMA = "ipsec-lo-trace-matrix/1"
COUNT = 2
"""Requests that a cell sends: the second finds what the first left behind, cached SAs and numbers."""


class Row(msgspec.Struct, frozen=True):
    """What a row runs: a ping or a probe over a case ("" for the probe's own configuration)."""

    name: str
    title: str
    program: str
    case: str
    reflector: Literal["kernel", "userspace"] = "kernel"

    def command(self, fix: str) -> str:
        """Return the command that runs this row under a fix."""
        case = f" --case {self.case}" if self.case else ""
        reflector = "" if self.reflector == "kernel" else f" --reflector {self.reflector}"
        return f"ipsec-lo-trace {self.program} -c {COUNT}{case}{reflector} --fix {fix}"


class Cell(msgspec.Struct, frozen=True):
    """The result of a row under a fix: outcome and code, what the sender saw, every finding's code."""

    row: str
    fix: str
    outcome: str
    code: str
    ping: str
    findings: list[str]
    command: str


class Matrix(msgspec.Struct, frozen=True):
    """The table: ``cells`` has a list for each row, in the order of ``fixes``.

    ``only`` is the outcome whose rows were kept, "" if all were.
    """

    rows: list[Row]
    fixes: list[str]
    cells: list[list[Cell]]
    only: str = ""

    def column(self, fix: str) -> list[Cell]:
        """Return the cells of a fix, from the first row to the last."""
        at = self.fixes.index(fix)
        return [cells[at] for cells in self.cells]

    def kept(self, outcome: str) -> Matrix:
        """Keep the rows that have an outcome under some fix."""
        pairs = [
            (row, cells)
            for row, cells in zip(self.rows, self.cells, strict=True)
            if any(cell.outcome == outcome for cell in cells)
        ]
        return Matrix([row for row, _ in pairs], self.fixes, [cells for _, cells in pairs], outcome)


class MatrixPart(msgspec.Struct, tag="part", tag_field="kind", frozen=True, kw_only=True):
    """What one of ``shards`` processes filled of a table: ``cells`` has its share of the rows, dealt in turn.

    ``rows`` are all of the table, ``shard`` counts from 1.
    """

    schema: str = SCHEMA
    tool: str
    shard: int
    shards: int
    rows: list[Row]
    fixes: list[str]
    cells: list[list[Cell]]
