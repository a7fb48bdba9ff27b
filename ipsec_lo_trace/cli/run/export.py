"""Write a trace, stored or run on the spot, in the form that was asked for, and beside a capture its keys."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any, TextIO

import click
import msgspec

from ipsec_lo_trace.cli.commands import load
from ipsec_lo_trace.cli.files import STDOUT, complain, descriptor, output, refuse_own_input
from ipsec_lo_trace.cli.formats import FORMATS, Format
from ipsec_lo_trace.cli.options import CONFIG_OPTIONS, refuse, setup_of
from ipsec_lo_trace.cli.run.traces import (
    ON_THE_SPOT,
    STDIN,
    fix_named,
    read_configuration,
    trace_named,
    whole_output,
)
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.render.store import StoredTrace

PAIR = 2


class ExportArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says."""

    traces: tuple[str, ...]
    setup: Setup
    to: str
    wire: bool
    no_keys: bool
    output: str

    @property
    def form(self) -> Format:
        """The form that --to names."""
        return FORMATS[self.to]

    def check(self, given_options: list[str]) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.setup.check()
        if len(self.traces) > (PAIR if self.form.pair else 1):
            many = ", ".join(name for name, form in FORMATS.items() if form.pair)
            raise click.UsageError(f"{len(self.traces)} traces: --to {self.to} takes one ({many} takes two)")
        refuse(["--wire"] if self.wire else [], "is for --to pcapng", if_=not self.form.wire)
        refuse(["--no-keys"] if self.no_keys else [], "is for captures", if_=not self.form.capture)
        if [*self.traces, self.setup.file].count(STDIN) > 1:
            raise click.UsageError("standard input can be read once, and - is named twice")
        if not any(name.startswith(ON_THE_SPOT) for name in self.traces):
            self._check_stored(given_options)

    def _check_stored(self, options: list[str]) -> None:
        """Refuse options about a run; -f may give a capture's keys."""
        if self.form.capture and not self.no_keys and self.setup.file is not None:
            options = [option for option in options if option not in CONFIG_OPTIONS]
        refuse(options, "has nothing to act on: what is exported is stored", if_=True)


KEYS_SUFFIX = ".keys"


def run(given_options: list[str], **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options, of which ``given_options`` are about a run, and run; return the exit code."""
    arguments = ExportArguments(setup=setup_of(values), **values)
    arguments.check(given_options)
    return run_export(arguments)


def run_export(arguments: ExportArguments) -> int:
    """Write it; give the exit code."""
    keys_file = _keys_file(arguments)
    for written in filter(None, (arguments.output, keys_file)):
        refuse_own_input(written, *arguments.traces, arguments.setup.file)
    _refuse_terminal(arguments)
    fixes = [fix_named(name) for name in arguments.traces]
    given = any(fixes) or arguments.setup.file is not None
    read = read_configuration(arguments.setup, to_run=any(fixes)) if given else None
    with ExitStack() as stack:
        traces = [
            stack.enter_context(trace_named(name, fix, arguments.setup, read))
            for name, fix in zip(arguments.traces, fixes, strict=True)
        ]
        write_exported(arguments, traces, read)
    return 0


def exported_run(setup: Setup, to: str, path: str, trace: StoredTrace, read: Configuration) -> None:
    """Write a run that was just made, as ``export`` does."""
    arguments = ExportArguments(traces=(), setup=setup, to=to, wire=False, no_keys=False, output=path)
    refuse_own_input(_keys_file(arguments), setup.file)
    _refuse_terminal(arguments)
    write_exported(arguments, [trace], read)


def write_exported(arguments: ExportArguments, traces: list[StoredTrace], read: Configuration | None) -> None:
    """Write traces, and the keys of a capture beside it."""
    keys_file = _keys_file(arguments)
    with ExitStack() as stack:
        keys = _keys(arguments, traces[0], read)
        if keys and keys_file:
            # Written out after the capture: a capture that fails leaves no keys.
            stack.enter_context(output(keys_file, secret=True)).write("".join(keys).encode(*FILE_NAMES))
        with whole_output(arguments.output) as out:
            _write(arguments, traces, out)
    _tell(arguments, keys, keys_file)


FILE_NAMES = (sys.getfilesystemencoding(), "surrogateescape")
"""How a file's name becomes the bytes that it is."""


def _keys_file(arguments: ExportArguments) -> str:
    """Name the file for the keys; "" if none can stand beside the output."""
    path = arguments.output
    if (
        not arguments.form.capture
        or arguments.no_keys
        or path in ("", STDOUT)
        or descriptor(path) is not None
    ):
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
    from ipsec_lo_trace.cli.run.keys import key_lines  # noqa: PLC0415 -- loads the algorithms

    return key_lines(trace, read, arguments.output, tcpdump=arguments.form.tcpdump)


def _write(arguments: ExportArguments, traces: list[StoredTrace], out: IO[bytes]) -> None:
    form = arguments.form
    writer = load(form.wire if arguments.wire else form.writer)
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
