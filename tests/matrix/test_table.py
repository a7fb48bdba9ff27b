"""The table: is it whole, the same whatever fills it, and does each cell hold?"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import TypeVar

import pytest

from ipsec_lo_trace import Matrix, Setup, ping, probe, run_matrix
from ipsec_lo_trace.cases.case import case_names
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.matrix import COUNT, Cell, Row
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.matrix.support import table

Result = TypeVar("Result")
SOME = [row for row in all_rows() if row.program.startswith(("probe tcp", "probe udp"))]
TWO = ["none", "netbsd-2003-08"]


class Backwards(Executor):
    """An executor that does everything at the end, last first."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []
        self.expected = len(SOME)

    def submit(self, fn: Callable[..., Result], /, *args: object, **kwargs: object) -> Future[Result]:
        """Put a call off until all are there."""
        future: Future[Result] = Future()
        self.waiting.append(lambda: future.set_result(fn(*args, **kwargs)))
        if len(self.waiting) == self.expected:
            for run in reversed(self.waiting):
                run()
        return future


def test_every_case_and_every_probe_has_a_row() -> None:
    """Nothing that the program brings is left out, and no two rows have the same name."""
    rows = all_rows()
    assert len({row.name for row in rows}) == len(rows)
    assert {row.case for row in rows if row.program == "ping"} == {*case_names()}
    assert {row.program for row in rows} == {"ping", *(f"probe {probe.name}" for probe in all_probes())}
    assert {row.reflector for row in rows} == {"kernel", "userspace"}
    assert all(row.title for row in rows)


@pytest.mark.slow
def test_no_cell_is_empty() -> None:
    """Each row has a cell for each fix, with a known outcome, a known code, and findings that have pages."""
    matrix = table()
    assert matrix.fixes == [fix.name for fix in all_fixes()]
    assert matrix.rows == all_rows()
    for row, cells in zip(matrix.rows, matrix.cells, strict=True):
        assert [(cell.row, cell.fix) for cell in cells] == [(row.name, fix) for fix in matrix.fixes]
        for cell in cells:
            assert cell.outcome in OUTCOMES
            assert cell.code in CODES
            assert cell.ping in ("ok", "loss", "error")
            assert {*cell.findings} <= CODES.keys()
            assert cell.command.startswith("ipsec-lo-trace ")


@pytest.mark.slow
def test_a_bad_cell_has_a_finding() -> None:
    """A cell that leaks or panics says in its findings what was found."""
    bad = [cell for cells in table().cells for cell in cells if cell.outcome in ("leak", "loop", "panic")]
    assert len(bad) > 100
    assert [cell.command for cell in bad if not cell.findings] == []


@pytest.mark.slow
@pytest.mark.parametrize("fix", ["none", "netbsd-2015", "lo-exempt"])
def test_a_cell_is_what_the_interface_gives(fix: str) -> None:
    """Outcome, code and findings of a cell are those of the run that its row says."""
    matrix = table()
    for row, cell in zip(matrix.rows, matrix.column(fix), strict=True):
        setup = Setup(case=row.case or None, fix=fix, reflector=row.reflector, count=COUNT)
        kind = row.program.removeprefix("probe ")
        trace = ping(setup) if row.program == "ping" else probe(kind, setup)
        assert (cell.outcome, cell.code) == (trace.verdict.outcome, trace.verdict.code), cell.command
        assert cell.findings == [finding.code for finding in trace.findings]
        assert cell.ping == trace.verdict.ping


@pytest.mark.slow
@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_fills_the_same_table(make: Callable[[int], Executor]) -> None:
    """Threads and processes give the very table that one after the other gives."""
    with make(3) as executor:
        assert run_matrix(SOME, TWO, executor=executor) == run_matrix(SOME, TWO)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["spawn", "forkserver"])
def test_processes_that_inherit_nothing(way: str) -> None:
    """A process that starts from nothing, as on a cluster, can take a row and give its cells back."""
    if way not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system cannot {way}")
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(way)) as executor:
        assert run_matrix(SOME[:3], TWO, executor=executor) == run_matrix(SOME[:3], TWO)


def test_the_order_of_work_does_not_matter() -> None:
    """An executor that does the last row first gives the same table."""
    assert run_matrix(SOME, TWO, executor=Backwards()) == run_matrix(SOME, TWO)


def test_progress_counts_the_rows() -> None:
    """The caller is told of each row once, in order, whatever runs them."""
    told: list[int] = []
    run_matrix(SOME, TWO, progress=told.append)
    with ThreadPoolExecutor(2) as executor:
        run_matrix(SOME, TWO, executor=executor, progress=told.append)
    assert told == [*range(1, len(SOME) + 1)] * 2


def test_rows_and_fixes_keep_the_caller_s_order() -> None:
    """Rows and columns come as they were given; the default is all, in the order of ``all_rows``."""
    matrix = run_matrix(SOME[::-1], TWO[::-1])
    assert (matrix.rows, matrix.fixes) == (SOME[::-1], TWO[::-1])
    assert run_matrix([], TWO) == Matrix([], TWO, [])


def test_an_unknown_fix_is_refused_before_anything_runs() -> None:
    """A column that cannot be is a UserError, and no row runs."""
    told: list[int] = []
    with pytest.raises(UserError, match="no such fix"):
        run_matrix(SOME, ["none", "nothing"], progress=told.append)
    assert told == []


@pytest.mark.parametrize("make", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_error_in_a_row_is_the_caller_s(make: Callable[[int], Executor]) -> None:
    """A row that cannot run raises where the table is asked for, whatever ran it."""
    rows = [Row("ping x", "A row.", "ping", "no-such-case")]
    with pytest.raises(UserError, match="no-such-case"):
        run_matrix(rows, TWO)
    with make(1) as executor, pytest.raises(UserError, match="no-such-case"):
        run_matrix(rows, TWO, executor=executor)


@pytest.mark.slow
def test_parts_of_a_table() -> None:
    """A column is the cells of its fix; what is kept are the rows that come to an outcome somewhere."""
    matrix = table()
    column = matrix.column("strict")
    assert [cell.row for cell in column] == [row.name for row in matrix.rows]
    assert {cell.fix for cell in column} == {"strict"}
    for outcome in OUTCOMES:
        kept = matrix.kept(outcome)
        assert all(any(cell.outcome == outcome for cell in cells) for cells in kept.cells)
        gone = [row for row in matrix.rows if row not in kept.rows]
        assert not any(cell.outcome == outcome for fix in kept.fixes for cell in _of(matrix, gone, fix))


def _of(matrix: Matrix, rows: list[Row], fix: str) -> list[Cell]:
    names = {row.name for row in rows}
    return [cell for cell in matrix.column(fix) if cell.row in names]
