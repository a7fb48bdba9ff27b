"""Compare two traces, stored or run on the spot, and write the difference in the form that was asked for."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from difflib import get_close_matches
from typing import IO

from rich.text import Text

from ipsec_lo_trace.cli.colour import look
from ipsec_lo_trace.cli.diffargs import ON_THE_SPOT, DiffArguments
from ipsec_lo_trace.cli.main import EXIT_NOT_MET
from ipsec_lo_trace.cli.output import complain, refuse_own_input
from ipsec_lo_trace.cli.runargs import RunArguments
from ipsec_lo_trace.cli.text import ascii_stream, write_lines
from ipsec_lo_trace.cli.traces import opened, whole_output
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.profiles.fixes import FIXES, NETBSD_2003_08, NONE, Fix
from ipsec_lo_trace.render.compare import Comparison
from ipsec_lo_trace.render.diff_data import diff_json
from ipsec_lo_trace.render.diff_ends import brief
from ipsec_lo_trace.render.diff_md import diff_md
from ipsec_lo_trace.render.diff_side import diff_side_by_side
from ipsec_lo_trace.render.diff_text import diff_text
from ipsec_lo_trace.render.diff_unified import diff_unified
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.setkey.configuration import Configuration

UNIFIED_CONTEXT = 3
KERNELS = {"unpatched": NONE, "patched": NETBSD_2003_08, **FIXES}
LEFT_OUT = "the minimal forms are the same; what differs is not in them (without --unified it is shown)"


def run_diff(arguments: DiffArguments) -> int:
    """Compare; give the exit code."""
    names = (arguments.a, arguments.b)
    refuse_own_input(arguments.output, *names, arguments.run.config)
    fixes = [_fix(name) for name in names]
    read = _configuration(arguments.run) if any(fixes) else None
    with ExitStack() as stack:
        a, b = (
            stack.enter_context(
                opened(name) if fix is None or read is None else _run(arguments.run, fix, name, read)
            )
            for name, fix in zip(names, fixes, strict=True)
        )
        comparison = Comparison(a, b)
        with whole_output(arguments.output) as out:
            _write(comparison, arguments, out)
            if arguments.format_ != "json" and not comparison.differ and not comparison.run:
                out.seek(0)
                out.truncate()
    return EXIT_NOT_MET if comparison.differ else 0


def _fix(name: str) -> Fix | None:
    """Find the fix behind ``@NAME``; None for a stored trace."""
    if not name.startswith(ON_THE_SPOT):
        return None
    wanted = name.removeprefix(ON_THE_SPOT)
    if wanted not in KERNELS:
        near = get_close_matches(wanted, KERNELS, n=1)
        choice = ", ".join(ON_THE_SPOT + kernel for kernel in KERNELS)
        hint = f"did you mean {ON_THE_SPOT}{near[0]}?" if near else f"there are {choice}"
        raise UserError(f"{name}: no such fix", hint=f"{hint}; a file of that name is ./{name}")
    return KERNELS[wanted]


def _configuration(arguments: RunArguments) -> Configuration:
    """Read the configuration once: it may come from standard input, and its notes are told once."""
    from ipsec_lo_trace.cli.start import configuration  # noqa: PLC0415 -- loads scapy, which stored traces do without

    return configuration(arguments)


@contextmanager
def _run(arguments: RunArguments, fix: Fix, name: str, read: Configuration) -> Iterator[StoredTrace]:
    """Run on the spot, on a copy of the configuration: a run changes its SAs."""
    from ipsec_lo_trace.cli.start import start  # noqa: PLC0415 -- as above

    tracing = start(arguments, fix, chosen=name, read=copy.deepcopy(read))
    with closing(tracing.crossings):
        trace = spool(tracing, tracing.crossings.lines())
    trace.name = name
    with closing(trace):
        yield trace


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
