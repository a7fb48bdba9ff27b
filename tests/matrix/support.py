"""One full table for all tests here, filled once, and made-up tables for the laws of its words."""

from __future__ import annotations

from functools import cache

from hypothesis import strategies as st

from ipsec_lo_trace import Matrix, run_matrix
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.matrix import Cell, Row

BAD = ("leak", "panic")
FIXES = ("none", "netbsd-2003-08", "netbsd-2.0", "linux", "strict")


@cache
def table() -> Matrix:
    """Give every row under every fix."""
    return run_matrix()


@st.composite
def tables(draw: st.DrawFn) -> Matrix:
    """Draw a table of any outcomes and codes."""
    fixes = draw(st.lists(st.sampled_from(FIXES), min_size=1, unique=True))
    names = draw(st.lists(st.from_regex(r"[a-z]{1,5} [a-z]{1,5}", fullmatch=True), max_size=15, unique=True))
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
