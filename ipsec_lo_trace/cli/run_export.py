"""Write a trace, stored or run on the spot, in the form that was asked for, and beside a capture its keys."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TextIO

from ipsec_lo_trace.cli.exportargs import ExportArguments
from ipsec_lo_trace.cli.onthespot import fix_named, read_configuration, trace_named
from ipsec_lo_trace.cli.output import STDOUT, complain, output, refuse_own_input
from ipsec_lo_trace.cli.traces import whole_output
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.export.formats import FORMATS, load_writer
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.setkey.configuration import Configuration

__all__ = ["FORMATS", "run_export"]
KEYS_SUFFIX = ".keys"


def run_export(arguments: ExportArguments) -> int:
    """Write it; give the exit code."""
    keys_file = _keys_file(arguments)
    for written in filter(None, (arguments.output, keys_file)):
        refuse_own_input(written, *arguments.traces, arguments.run.config)
    _refuse_terminal(arguments)
    fixes = [fix_named(name) for name in arguments.traces]
    given = any(fixes) or arguments.run.config is not None
    read = read_configuration(arguments.run) if given else None
    with ExitStack() as stack:
        traces = [
            stack.enter_context(trace_named(name, fix, arguments.run, read))
            for name, fix in zip(arguments.traces, fixes, strict=True)
        ]
        keys = _keys(arguments, traces[0], read)
        if keys and keys_file:
            # Written out after the capture: a capture that fails leaves no keys.
            stack.enter_context(output(keys_file, secret=True)).write("".join(keys).encode(*FILE_NAMES))
        with whole_output(arguments.output) as out:
            _write(arguments, traces, out)
    _tell(arguments, keys, keys_file)
    return 0


FILE_NAMES = (sys.getfilesystemencoding(), "surrogateescape")
"""How a file's name becomes the bytes that it is."""


def _keys_file(arguments: ExportArguments) -> str:
    """Name the file for the keys; "" if none can stand beside the output."""
    path = arguments.output
    if not arguments.form.capture or arguments.no_keys or path in ("", STDOUT):
        return ""
    target = Path(path)
    return "" if target.exists() and not target.is_file() else path + KEYS_SUFFIX


def _refuse_terminal(arguments: ExportArguments) -> None:
    if arguments.form.capture and arguments.output == STDOUT and _is_terminal():
        raise UserError(
            f"--to {arguments.to} is binary, and standard output is a terminal", hint="-o FILE, or a pipe"
        )


def _is_terminal() -> bool:
    stdout: TextIO | None = getattr(sys, "stdout", None)  # None if it is closed
    return stdout is not None and stdout.isatty()


def _keys(arguments: ExportArguments, trace: StoredTrace, read: Configuration | None) -> list[str]:
    """Give the lines that hold the keys; none if nothing needs any, or --no-keys."""
    if not arguments.form.capture or arguments.no_keys:
        return []
    from ipsec_lo_trace.cli.exportkeys import key_lines  # noqa: PLC0415 -- loads the algorithms

    return key_lines(trace, read, arguments.output, tcpdump=arguments.form.tcpdump)


def _write(arguments: ExportArguments, traces: list[StoredTrace], out: IO[bytes]) -> None:
    form = arguments.form
    writer = load_writer(form.wire if arguments.wire else form.writer)
    if form.pair:
        writer(traces[0], traces[1] if len(traces) > 1 else None, out)
    else:
        writer(traces[0], out)
    if arguments.wire and not traces[0].verdict.lo0:
        complain("nothing crossed lo0: the capture has no packet")


def _tell(arguments: ExportArguments, keys: list[str], keys_file: str) -> None:
    """Say where the keys are, or what they are where there is no place for a file."""
    if keys and keys_file:
        complain(f"{keys_file} has the keys, in the commands that decrypt {arguments.output}")
    elif keys:
        for line in keys:
            complain(line.rstrip("\n").removeprefix("# "))
