"""What the table says, in words: which fix cures which leak, and what each leaves or makes worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.matrix import NONE, Matrix

SEVERITY = tuple(OUTCOMES)
BAD = ("leak", "loop", "panic")
PATCHED = "netbsd-2003-08"
MANY = 9
"""Rows that a sentence names one by one."""


class Tally(msgspec.Struct, frozen=True):
    """A fix's column: rows counted by outcome; rows that it cures, leaves bad, or makes worse than no fix."""

    fix: str
    counts: dict[str, int]
    cures: list[str]
    leaves: dict[str, list[str]]
    worse: list[str]

    @property
    def left(self) -> int:
        """How many rows it leaves bad."""
        return sum(map(len, self.leaves.values()))


def tallies(matrix: Matrix) -> list[Tally]:
    """Count every column."""
    return [_tally(matrix, fix) for fix in matrix.fixes]


def _tally(matrix: Matrix, fix: str) -> Tally:
    cells = matrix.column(fix)
    plain = matrix.column(NONE) if NONE in matrix.fixes else cells
    leaves: dict[str, list[str]] = {}
    for cell in cells:
        if cell.outcome in BAD:
            leaves.setdefault(cell.code, []).append(cell.row)
    return Tally(
        fix=fix,
        counts={name: sum(cell.outcome == name for cell in cells) for name in OUTCOMES},
        cures=[
            cell.row
            for cell, before in zip(cells, plain, strict=True)
            if before.outcome in BAD and cell.outcome not in BAD
        ],
        leaves=leaves,
        worse=[
            cell.row
            for cell, before in zip(cells, plain, strict=True)
            if SEVERITY.index(cell.outcome) > SEVERITY.index(before.outcome)
        ],
    )


def headline(matrix: Matrix) -> str:
    """Say how much is wrong without a fix, and which fixes leave least."""
    if not matrix.rows:
        return f"no row has the outcome {matrix.only}"
    every = tallies(matrix)
    if NONE not in matrix.fixes:
        return f"{counted(matrix.rows, 'row')}, {counted(matrix.fixes, 'fix')}"
    ill = sum(cell.outcome in BAD for cell in matrix.column(NONE))
    rows = counted(matrix.rows, "row")
    if ill == 0:
        return f"nothing leaks or panics in {rows} without a fix"
    fewest = min(tally.left for tally in every)
    best = ", ".join(tally.fix for tally in every if tally.left == fewest)
    least = f"the fewest are left by {best}: {fewest}" if fewest else f"none is left by {best}"
    return f"{ill} of {rows} leak or panic without a fix; {least}"


def key_points(matrix: Matrix) -> Iterator[str]:
    """Say what no fix cures, and what the fix of 2003 leaves open beside that."""
    every = tallies(matrix)
    everywhere = [row.name for row in matrix.rows if all(row.name in _left(tally) for tally in every)]
    if everywhere and len(matrix.fixes) > 1:
        yield f"no fix here cures {', '.join(everywhere)}"
    for tally in every:
        if tally.fix != PATCHED:
            continue
        for code, rows in tally.leaves.items():
            open_ = [row for row in rows if row not in everywhere]
            if open_:
                yield f"{PATCHED} leaves open ({code}): {', '.join(open_)}"


def _left(tally: Tally) -> list[str]:
    return [row for rows in tally.leaves.values() for row in rows]


def sentences(matrix: Matrix) -> Iterator[str]:
    """Say of each fix what it cures, what it leaves and what it makes worse."""
    for tally in tallies(matrix):
        cures = "" if tally.fix == NONE else f" cures {len(tally.cures)} and"
        text = f"{tally.fix}{cures} leaves {tally.left or 'nothing'}"
        for code, rows in tally.leaves.items():
            text += f"; {code}: {_named(rows)}"
        if tally.worse:
            text += f"; worse than no fix: {_named(tally.worse)}"
        yield text + "."


def _named(rows: list[str]) -> str:
    """Name rows, or where they are many, count them by what they run."""
    if len(rows) <= MANY:
        return ", ".join(rows)
    programs: dict[str, int] = {}
    for row in rows:
        program = row.partition(" ")[0]
        programs[program] = programs.get(program, 0) + 1
    return ", ".join(f"{count} of {program}" for program, count in programs.items())


def counted(things: Sequence[object], name: str) -> str:
    """Count things: 1 row, 2 rows, 2 fixes."""
    plural = f"{name}es" if name.endswith("x") else f"{name}s"
    return f"{len(things)} {name if len(things) == 1 else plural}"
