"""Fill the table, in as many processes as asked for, and write it."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import click
import msgspec
from rich.text import Text

from ipsec_lo_trace.cli.files import output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, typed
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.parts import NO_SAY, SAID_BEFORE, Whole, check_merge, read_parts, share_named
from ipsec_lo_trace.cli.run.traces import ON_THE_SPOT, fix_named
from ipsec_lo_trace.cli.run.workers import workers
from ipsec_lo_trace.cli.terminal import glyphs, look, text_stream, write_lines
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.matrix.parts import fault, merged, rows_of, run_part
from ipsec_lo_trace.model import pieces
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.matrix import Matrix, MatrixPart, Row
from ipsec_lo_trace.model.outside import decoded
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.suggest import did_you_mean, likely
from ipsec_lo_trace.render.matrix_text import command_lines, matrix_html, matrix_md, matrix_text
from ipsec_lo_trace.render.matrix_words import headline, key_points, sentences


class MatrixArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    files: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    only: str | None
    commands: bool
    format_: str
    jobs: int
    shard: Shard | None
    merge: bool
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
        check_merge(self.files, merge=self.merge)
        refuse(typed(click.get_current_context(), MAKING), SAID_BEFORE, if_=self.merge)
        shown = [*text_only, *given(self, only="--only"), *(["--commands"] if self.commands else [])]
        form = [f"--format {self.format_}"] if self.format_ in ("md", "html") else []
        refuse([*shown, *form], NO_SAY + "JSON", if_=self.shard is not None)
        columns = [name.removeprefix(ON_THE_SPOT) for name in self.columns]
        if len(set(columns)) < len(columns):
            raise click.UsageError("--columns names a fix twice")


MAKING = ("rows", "columns", "jobs", "shard")
"""What is said with --shard, and not with --merge."""


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    values["shard"] = share_named(values["shard"], "matrix")
    arguments = MatrixArguments(**values)
    arguments.check()
    return merge_parts(arguments) if arguments.merge else run_matrix(arguments)


def run_matrix(arguments: MatrixArguments) -> int:
    """Run and write it; give the exit code."""
    part = _filled(arguments)
    if arguments.shard is None:
        _write(arguments, merged([part]))
        return 0
    with output(arguments.output) as out:
        out.write(msgspec.json.encode(part) + b"\n")
    return 0


def merge_parts(arguments: MatrixArguments) -> int:
    """Write the table that the parts of several processes are; give the exit code."""
    refuse_own_input(arguments.output, *arguments.files)
    _write(arguments, merged(read_parts(arguments.files, _WHOLE)))
    return 0


def _common(part: MatrixPart) -> tuple[object, ...]:
    """Return what the parts of one table have in common."""
    return part.tool, part.rows, part.fixes


_WHOLE = Whole(
    command="matrix",
    what="a matrix",
    same="--rows, --columns, version",
    read=partial(decoded, msgspec.json.Decoder(MatrixPart).decode),
    fault=fault,
    common=_common,
)


def _filled(arguments: MatrixArguments) -> MatrixPart:
    rows, shard = _rows(arguments.rows), arguments.shard or pieces.WHOLE
    fixes = [_column(name) for name in arguments.columns] or None
    with progress("rows", len(rows_of(rows, shard)), patience=0) as told:
        if arguments.jobs == 1:
            return run_part(rows, fixes, shard, progress=told)
        with workers(arguments.jobs) as executor:
            return run_part(rows, fixes, shard, executor=executor, progress=told)


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


def _write(arguments: MatrixArguments, whole: Matrix) -> None:
    matrix = whole.kept(arguments.only) if arguments.only else whole
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
