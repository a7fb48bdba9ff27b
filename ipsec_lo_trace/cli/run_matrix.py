"""Fill the table, in as many processes as asked for, and write it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from fnmatch import fnmatchcase

import msgspec
from rich.text import Text

from ipsec_lo_trace.cli.colour import look
from ipsec_lo_trace.cli.matrixargs import MatrixArguments
from ipsec_lo_trace.cli.output import output
from ipsec_lo_trace.cli.text import ascii_stream, write_lines
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.matrix import run_matrix as filled
from ipsec_lo_trace.matrix.run import Progress
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.matrix import Matrix, Row
from ipsec_lo_trace.render.matrix_text import command_lines, matrix_html, matrix_md, matrix_text
from ipsec_lo_trace.render.matrix_words import headline, key_points, sentences


def run_matrix(arguments: MatrixArguments) -> int:
    """Run and write it; give the exit code."""
    rows = _rows(arguments.rows)
    fixes = [known_fix(name, "--columns ").name for name in arguments.columns] or None
    with _progress(len(rows)) as progress:
        if arguments.jobs == 1:
            matrix = filled(rows, fixes, progress=progress)
        else:
            with ProcessPoolExecutor(arguments.jobs) as executor:
                matrix = filled(rows, fixes, executor=executor, progress=progress)
    _write(arguments, matrix.kept(arguments.only) if arguments.only else matrix)
    return 0


def _rows(patterns: tuple[str, ...]) -> list[Row]:
    rows = all_rows()
    for pattern in patterns:
        if not any(fnmatchcase(row.name, pattern) for row in rows):
            raise UserError(
                f"--rows {pattern}: no row's name fits", hint="without --rows, matrix shows them all"
            )
    return [row for row in rows if not patterns or any(fnmatchcase(row.name, one) for one in patterns)]


@contextmanager
def _progress(total: int) -> Iterator[Progress | None]:
    """Show a bar on stderr if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 -- for terminals alone
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rows", total=total)
        yield lambda done: bar.update(task, completed=done)


def _write(arguments: MatrixArguments, matrix: Matrix) -> None:
    with output(arguments.output) as out:
        if arguments.format_ == "json":
            told = {
                "headline": headline(matrix),
                "points": list(key_points(matrix)),
                "matrix": matrix,
                "words": list(sentences(matrix)),
            }
            out.write(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
            return
        width, colour = look(arguments.output, arguments.color)
        colour = colour and arguments.format_ == "text"
        write_lines(_lines(arguments, matrix, width), ascii_stream(out), colour=colour)


def _lines(arguments: MatrixArguments, matrix: Matrix, width: int) -> Iterator[Text]:
    if arguments.format_ == "md":
        return map(Text, matrix_md(matrix))
    if arguments.format_ == "html":
        return map(Text, matrix_html(matrix))
    return command_lines(matrix) if arguments.commands else matrix_text(matrix, width=width)
