"""Compare two traces, stored or run on the spot, and write the difference in the form that was asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from rich.text import Text

from ipsec_lo_trace.cli.colour import look
from ipsec_lo_trace.cli.diffargs import DiffArguments
from ipsec_lo_trace.cli.main import EXIT_NOT_MET
from ipsec_lo_trace.cli.onthespot import fix_named, read_configuration, trace_named
from ipsec_lo_trace.cli.output import complain, refuse_own_input
from ipsec_lo_trace.cli.text import ascii_stream, write_lines
from ipsec_lo_trace.cli.traces import whole_output
from ipsec_lo_trace.render.diff.compare import Comparison
from ipsec_lo_trace.render.diff.data import diff_json
from ipsec_lo_trace.render.diff.ends import brief
from ipsec_lo_trace.render.diff.md import diff_md
from ipsec_lo_trace.render.diff.side import diff_side_by_side
from ipsec_lo_trace.render.diff.text import diff_text
from ipsec_lo_trace.render.diff.unified import diff_unified

UNIFIED_CONTEXT = 3
LEFT_OUT = "the minimal forms are the same; what differs is not in them (without --unified it is shown)"


def run_diff(arguments: DiffArguments) -> int:
    """Compare; give the exit code."""
    names = (arguments.a, arguments.b)
    refuse_own_input(arguments.output, *names, arguments.run.config)
    fixes = [fix_named(name) for name in names]
    read = read_configuration(arguments.run) if any(fixes) else None
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(trace_named(name, fix, arguments.run, read))
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
        _lines(comparison, arguments, width), ascii_stream(out), colour=colour and arguments.format_ == "text"
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
    return diff_text(comparison, width=width, context=context)


def _unified(comparison: Comparison, context: int) -> Iterator[Text]:
    """Colour a unified diff's lines by their signs."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    empty = True
    for line in diff_unified(comparison, context=context):
        empty = False
        yield Text("").append(line, style=styles.get(line[0]))
    if empty and comparison.differ:
        complain(LEFT_OUT)
