"""One full table for all tests that need it, filled once, and made-up tables for the laws of its words."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from ipsec_lo_trace import Matrix
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.matrix import all_rows, run
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.matrix import Cell, Row

really_run = run.run_row
BAD = ("leak", "loop", "panic")
FIXES = ("none", "netbsd-2003-08", "netbsd-2.0", "lo-exempt", "strict")


@cache
def _cell(row: Row, fix: str) -> Cell:
    [cell] = really_run(row, (fix,))
    return cell


def run_row_once(row: Row, fixes: tuple[str, ...]) -> list[Cell]:
    """Run a row under each fix under which this process has not run it yet; stands in for ``run.run_row``."""
    return [_cell(row, fix) for fix in fixes]


@cache
def table() -> Matrix:
    """Return every row under every fix."""
    fixes = [fix.name for fix in all_fixes()]
    return Matrix(all_rows(), fixes, [run_row_once(row, tuple(fixes)) for row in all_rows()])


@st.composite
def tables(draw: st.DrawFn) -> Matrix:
    """Draw a table of any outcomes and codes."""
    fixes = draw(st.lists(st.sampled_from(FIXES), min_size=1, unique=True))
    names = draw(st.lists(st.from_regex(r"[a-z]{1,5} [a-z]{1,5}", fullmatch=True), max_size=8, unique=True))
    rows = [Row(name, f"{name}?", "ping", name.split()[1]) for name in names]
    cells = [
        [
            Cell(
                row=row.name,
                fix=fix,
                outcome=draw(st.sampled_from(list(OUTCOMES))),
                code=draw(st.sampled_from(list(CODES))),
                ping="ok",
                findings=[],
                command=row.command(fix),
            )
            for fix in fixes
        ]
        for row in rows
    ]
    return Matrix(rows, fixes, cells)
