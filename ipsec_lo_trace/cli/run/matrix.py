"""Fill the table, in as many processes as asked for, and write it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import click
import msgspec
from rich.text import Text

from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.options import given, refuse
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.traces import ON_THE_SPOT, fix_named
from ipsec_lo_trace.cli.run.workers import workers
from ipsec_lo_trace.cli.terminal import glyphs, look, text_stream, write_lines
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.matrix import run_matrix as filled
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.matrix import Matrix, Row
from ipsec_lo_trace.model.suggest import did_you_mean, likely
from ipsec_lo_trace.render.matrix_text import command_lines, matrix_html, matrix_md, matrix_text
from ipsec_lo_trace.render.matrix_words import headline, key_points, sentences


class MatrixArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    only: str | None
    commands: bool
    format_: str
    jobs: int
    color: str | None
    glyphs: str | None
    verbose: bool
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        flags = ["-v"] if self.verbose else []
        text_only = [*given(self, color="--color", glyphs="--glyphs"), *flags]
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(flags, "has nothing to act on: --commands prints commands", if_=self.commands)
        refuse(["--commands"] if self.commands else [], "prints text", if_=self.format_ != "text")
        columns = [name.removeprefix(ON_THE_SPOT) for name in self.columns]
        if len(set(columns)) < len(columns):
            raise click.UsageError("--columns names a fix twice")


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    arguments = MatrixArguments(**values)
    arguments.check()
    return run_matrix(arguments)


def run_matrix(arguments: MatrixArguments) -> int:
    """Run and write it; give the exit code."""
    rows = _rows(arguments.rows)
    fixes = [_column(name) for name in arguments.columns] or None
    with progress("rows", len(rows), patience=0) as told:
        if arguments.jobs == 1:
            matrix = filled(rows, fixes, progress=told)
        else:
            with workers(arguments.jobs) as executor:
                matrix = filled(rows, fixes, executor=executor, progress=told)
    _write(arguments, matrix.kept(arguments.only) if arguments.only else matrix)
    return 0


def _column(name: str) -> str:
    """Find the fix of a column, which may be named as a trace is: ``@NAME``."""
    fix = fix_named(name)
    return fix.name if fix is not None else known_fix(name, "columns").name


def _rows(patterns: tuple[str, ...]) -> list[Row]:
    rows = all_rows()
    for pattern in patterns:
        if not any(fnmatchcase(row.name, pattern) for row in rows):
            names = [row.name for row in rows]
            words = list(dict.fromkeys(word for name in names for word in name.split()))
            near = did_you_mean([f"'*{word}*'" for word in likely(pattern, words)])
            where = "without --rows, matrix shows them all"
            raise UserError(f"--rows {pattern}: no row's name fits", hint=near or where)
    return [row for row in rows if not patterns or any(fnmatchcase(row.name, one) for one in patterns)]


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
        write_lines(_lines(arguments, matrix, width), text_stream(out), colour=colour)


def _lines(arguments: MatrixArguments, matrix: Matrix, width: int) -> Iterator[Text]:
    if arguments.format_ == "md":
        return map(Text, matrix_md(matrix))
    if arguments.format_ == "html":
        return map(Text, matrix_html(matrix))
    if arguments.commands:
        return command_lines(matrix)
    drawn = glyphs(arguments.output, arguments.glyphs)
    return matrix_text(matrix, width=width, glyphs=drawn, words=arguments.verbose)
