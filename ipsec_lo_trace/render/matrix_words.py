"""What the table says, in words: which fix cures which leak, and what each leaves or makes worse."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.matrix import NONE, Matrix

SEVERITY = tuple(OUTCOMES)
BAD = ("leak", "panic")


class Tally(msgspec.Struct, frozen=True):
    """A fix's column, counted: rows by outcome; rows that it cures, leaves bad, and makes worse than no fix."""

    fix: str
    counts: dict[str, int]
    cures: list[str]
    leaves: dict[str, list[str]]
    worse: list[str]


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
    """Say which fixes cure everything."""
    if NONE not in matrix.fixes:
        return f"{len(matrix.rows)} rows, {len(matrix.fixes)} fixes"
    ill = sum(cell.outcome in BAD for cell in matrix.column(NONE))
    whole = [tally.fix for tally in tallies(matrix) if not tally.leaves]
    if ill == 0:
        return f"nothing leaks in these {len(matrix.rows)} rows without a fix"
    if whole:
        return (
            f"{ill} of {len(matrix.rows)} rows leak or panic without a fix; cured of all: {', '.join(whole)}"
        )
    fewest = min(sum(map(len, tally.leaves.values())) for tally in tallies(matrix))
    best = [tally.fix for tally in tallies(matrix) if sum(map(len, tally.leaves.values())) == fewest]
    return (
        f"{ill} of {len(matrix.rows)} rows leak or panic without a fix; no fix cures all;"
        f" {', '.join(best)} leave{'s' if len(best) == 1 else ''} {fewest}"
    )


def sentences(matrix: Matrix) -> Iterator[str]:
    """Say of each fix what it cures, what it leaves and what it makes worse."""
    for tally in tallies(matrix):
        left = sum(map(len, tally.leaves.values()))
        parts = [] if tally.fix == NONE else [f"cures {len(tally.cures)}"]
        parts.append(f"leaves {left}" if left else "leaves none")
        text = f"{tally.fix} {' and '.join(parts)}"
        for code, rows in tally.leaves.items():
            text += f"; {code}: {', '.join(rows)}"
        if tally.worse:
            text += f"; worse than no fix: {', '.join(tally.worse)}"
        yield text + "."
