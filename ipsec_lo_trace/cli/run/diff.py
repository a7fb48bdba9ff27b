"""Compare two traces, stored or run on the spot, and write the difference in the form that was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO, Any

import click
import msgspec
from rich.text import Text

from ipsec_lo_trace.cli.exits import EXIT_NOT_MET
from ipsec_lo_trace.cli.files import complain, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, setup_of
from ipsec_lo_trace.cli.run.traces import (
    ON_THE_SPOT,
    STDIN,
    fix_named,
    read_configuration,
    trace_named,
    whole_output,
)
from ipsec_lo_trace.cli.terminal import glyphs, look, text_stream, write_lines
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.render.diff.compare import Comparison
from ipsec_lo_trace.render.diff.data import diff_json
from ipsec_lo_trace.render.diff.ends import brief
from ipsec_lo_trace.render.diff.md import diff_md
from ipsec_lo_trace.render.diff.text import diff_side_by_side, diff_text
from ipsec_lo_trace.render.diff.unified import diff_unified


class DiffArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    a: str
    b: str
    setup: Setup
    unified: bool
    side_by_side: bool
    brief: bool
    format_: str
    context: int | None
    color: str | None
    glyphs: str | None
    output: str

    def check(self, given_options: list[str]) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.setup.check()
        names = (("--unified", self.unified), ("--side-by-side", self.side_by_side), ("--brief", self.brief))
        layouts = [name for name, is_given in names if is_given]
        if len(layouts) > 1:
            raise click.UsageError(f"{layouts[0]} and {layouts[1]} exclude each other")
        refuse(layouts, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(given(self, color="--color", glyphs="--glyphs"), "is for text", if_=self.format_ != "text")
        about_rows = given(self, context="-U")
        refuse(about_rows, "has nothing to act on: --brief prints one line", if_=self.brief)
        refuse(about_rows, "has nothing to act on: JSON has no context", if_=self.format_ == "json")
        read = [self.a, self.b, self.setup.file].count(STDIN)
        if read > 1:
            raise click.UsageError("standard input can be read once, and - is named twice")
        stored = not (self.a.startswith(ON_THE_SPOT) or self.b.startswith(ON_THE_SPOT))
        refuse(given_options, "has nothing to act on: both traces are stored", if_=stored)


UNIFIED_CONTEXT = 3
LEFT_OUT = "the minimal forms are the same; what differs is not in them (without --unified it is shown)"


def run(given_options: list[str], **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options, of which ``given_options`` are about a run, and run; return the exit code."""
    arguments = DiffArguments(setup=setup_of(values), **values)
    arguments.check(given_options)
    return run_diff(arguments)


def run_diff(arguments: DiffArguments) -> int:
    """Compare; give the exit code."""
    names = (arguments.a, arguments.b)
    refuse_own_input(arguments.output, *names, arguments.setup.file)
    fixes = [fix_named(name) for name in names]
    read = read_configuration(arguments.setup) if any(fixes) else None
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(trace_named(name, fix, arguments.setup, read))
            for name, fix in zip(names, fixes, strict=True)
        )
        comparison = Comparison(a, b)
        with whole_output(arguments.output) as out:
            _write(comparison, arguments, out)
            if arguments.format_ != "json" and not comparison.differ and not comparison.run:
                out.seek(0)
                out.truncate()
    return EXIT_NOT_MET if comparison.differ else 0


def _write(comparison: Comparison, arguments: DiffArguments, out: IO[bytes]) -> None:
    if arguments.format_ == "json":
        for piece in diff_json(comparison):
            out.write(piece)
        return
    width, colour = look(arguments.output, arguments.color)
    write_lines(
        _lines(comparison, arguments, width), text_stream(out), colour=colour and arguments.format_ == "text"
    )


def _lines(comparison: Comparison, arguments: DiffArguments, width: int) -> Iterator[Text]:
    context = arguments.context or 0
    if arguments.brief:
        deque(comparison.echoes(), maxlen=0)
        return map(Text, [brief(comparison)] if comparison.differ else [])
    if arguments.format_ == "md":
        return map(Text, diff_md(comparison, context=context))
    if arguments.unified:
        return _unified(comparison, UNIFIED_CONTEXT if arguments.context is None else context)
    if arguments.side_by_side:
        return diff_side_by_side(comparison, width=width, context=context)
    drawn = glyphs(arguments.output, arguments.glyphs)
    return diff_text(comparison, width=width, context=context, glyphs=drawn)


def _unified(comparison: Comparison, context: int) -> Iterator[Text]:
    """Colour a unified diff's lines by their signs."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    empty = True
    for line in diff_unified(comparison, context=context):
        empty = False
        yield Text("").append(line, style=styles.get(line[0]))
    if empty and comparison.differ:
        complain(LEFT_OUT)
