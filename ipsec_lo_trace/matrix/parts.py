"""A share of the table's rows, and the shares of several processes put together."""

from __future__ import annotations

from collections.abc import Sequence

from ipsec_lo_trace import __version__
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.matrix.run import Progress, all_rows, run_matrix
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.matrix import SCHEMA, Cell, Matrix, MatrixPart, Row
from ipsec_lo_trace.model.pieces import Executor, Shard


def rows_of(rows: Sequence[Row], shard: Shard) -> list[Row]:
    """Return the rows that a share runs: they are dealt out in turn."""
    return [row for turn, row in enumerate(rows) if shard.takes(turn)]


def run_part(
    rows: Sequence[Row],
    fixes: Sequence[str] | None,
    shard: Shard,
    *,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> MatrixPart:
    """Run a share of the rows; otherwise as ``run_matrix``."""
    filled = run_matrix(rows_of(rows, shard), fixes, executor=executor, progress=progress)
    return MatrixPart(
        tool=f"ipsec-lo-trace {__version__}",
        shard=shard.number,
        shards=shard.of,
        rows=list(rows),
        fixes=filled.fixes,
        cells=filled.cells,
    )


def merged(parts: Sequence[MatrixPart]) -> Matrix:
    """Put the parts of all shares, by their numbers, together."""
    first = parts[0]
    deal = [iter(part.cells) for part in parts]
    return Matrix(
        first.rows, first.fixes, [next(deal[turn % len(deal)]) for turn, _row in enumerate(first.rows)]
    )


def fault(part: MatrixPart) -> str:
    """Say what no part has, for one that somebody else wrote; "" if there is nothing of the kind."""
    if part.schema != SCHEMA:
        return f"its schema is {part.schema}, not {SCHEMA}"
    known = all_rows()
    if any(row not in known for row in part.rows) or len(set(part.rows)) < len(part.rows):
        return "its rows are not this version's"
    if not set(part.fixes) <= {fix.name for fix in all_fixes()} or len(set(part.fixes)) < len(part.fixes):
        return "its fixes are not this version's"
    own = rows_of(part.rows, Shard(part.shard, part.shards))
    if [len(cells) for cells in part.cells] != [len(part.fixes)] * len(own):
        return "its cells are not those of its rows and fixes"
    for row, cells in zip(own, part.cells, strict=True):
        for fix, cell in zip(part.fixes, cells, strict=True):
            if not _can_be(cell, row, fix):
                return f"no cell of {row.name} under {fix} is so"
    return ""


def _can_be(cell: Cell, row: Row, fix: str) -> bool:
    """Tell whether a cell can be that of a row under a fix."""
    return (
        (cell.row, cell.fix, cell.command) == (row.name, fix, row.command(fix))
        and cell.outcome in OUTCOMES
        and CODES.keys() >= {cell.code, *cell.findings}
    )
