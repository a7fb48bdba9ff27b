"""The rows of the table, and filling it: each cell is a run, so any executor may share them out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.fixes.fix import all_fixes, known_fix
from ipsec_lo_trace.model.matrix import COUNT, Cell, Matrix, Row
from ipsec_lo_trace.model.pieces import Executor, in_order
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.tracer.setup import ping, probe
from ipsec_lo_trace.tracer.tracing import Trace
from ipsec_lo_trace.userland.probe_kind import all_probes

PROBED = ("lo-esp", "lo-ah", "lo-bundle", "ab-esp")
"""The cases that a probe without a configuration of its own runs over."""
REFLECTED = ("lo-esp", "lo-ah", "ab-esp", "asymmetric")
"""The cases that a process in user space answers a ping over."""


def all_rows() -> list[Row]:
    """Return every row, pings first."""
    pings = [Row(f"ping {case.name}", case.title, "ping", case.name) for case in all_cases()]
    answered = [
        Row(f"reflector {name}", "A process answers the ping, not the kernel.", "ping", name, "userspace")
        for name in REFLECTED
    ]
    probes = [
        Row(f"{probe.name} {case}".rstrip(), probe.title, f"probe {probe.name}", case)
        for probe in all_probes()
        for case in (("",) if probe.config else PROBED)
    ]
    return [*pings, *answered, *probes]


Progress = Callable[[int], None]


def run_matrix(
    rows: Sequence[Row] | None = None,
    fixes: Sequence[str] | None = None,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Matrix:
    """Run every row under every fix; all of them unless given.

    ``executor`` is any executor of concurrent.futures, or what has its ``submit``, that can take a function
    of this package and a row to where it runs; without one the rows run here, one after the other.  The table
    is the same whatever runs it.  ``progress`` is told how many rows are done.  UserError if there is no such
    fix.
    """
    rows = list(all_rows() if rows is None else rows)
    fixes = [fix.name for fix in all_fixes()] if fixes is None else [known_fix(name).name for name in fixes]
    work = partial(run_row, fixes=tuple(fixes))
    cells: list[list[Cell]] = []
    for done, result in enumerate(in_order(work, rows, executor), start=1):
        cells.append(result)
        if progress is not None:
            progress(done)
    return Matrix(rows, list(fixes), cells)


def run_row(row: Row, fixes: tuple[str, ...]) -> list[Cell]:
    """Run a row under each fix."""
    return [_cell(row, fix) for fix in fixes]


def _cell(row: Row, fix: str) -> Cell:
    verdict = _run(row, fix).verdict
    return Cell(
        row=row.name,
        fix=fix,
        outcome=verdict.outcome,
        code=verdict.code,
        ping=verdict.ping,
        findings=[finding.code for finding in verdict.findings],
        command=row.command(fix),
    )


def _run(row: Row, fix: str) -> Trace:
    setup = Setup(case=row.case or None, fix=fix, reflector=row.reflector, count=COUNT)
    program, _, kind = row.program.partition(" ")
    return ping(setup) if program == "ping" else probe(kind, setup)
