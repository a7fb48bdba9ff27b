"""Read what a check runs, from its keys or with the very command that a user types; run it, and compare."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.checking.allowance import Allowance
from ipsec_lo_trace.cli.checking.compare import mismatches
from ipsec_lo_trace.cli.checking.model import Check, Result
from ipsec_lo_trace.cli.checking.toml import SETUP
from ipsec_lo_trace.cli.commands.ping import ping, probe
from ipsec_lo_trace.cli.files import PROGRAM, descriptor
from ipsec_lo_trace.cli.options import ABOUT_A_RUN, setup_of
from ipsec_lo_trace.cli.params import spellings
from ipsec_lo_trace.cli.run.traces import STDIN, read_configuration
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.setup import File, Setup
from ipsec_lo_trace.model.suggest import hint
from ipsec_lo_trace.model.trace import Run
from ipsec_lo_trace.render.again import command
from ipsec_lo_trace.render.minimal import run_lines, step_lines, verdict_lines
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.tracer.setup import configuration, planned
from ipsec_lo_trace.tracer.tracing import Tracing

PROGRAMS = {"ping": ping, "probe": probe}
"""What a check can run."""


class Asked(NamedTuple):
    """What a check runs, and what its check file calls the fields of it."""

    check: Check
    setup: Setup
    names: dict[str, str]


def asked(check: Check) -> Asked:
    """Return what a check runs; UserError with the check's place if that cannot be run."""
    names: dict[str, str] = {}
    with _placed(check, names):
        setup = _typed(check.run, names) if isinstance(check.run, str) else _tabled(check.run)
        setup = _beside(setup, check.folder)
        setup.check()
        return Asked(check, setup, names)


@contextmanager
def _placed(check: Check, names: dict[str, str]) -> Iterator[None]:
    """Give an error about what is to be run the place where the check says it, and the check's words."""
    try:
        yield
    except click.UsageError as error:
        raise UserError(f"run: {error.format_message()}", file=check.file, line=check.line("run")) from None
    except UserError as error:
        if error.file or not error.field:
            raise
        if isinstance(check.run, str):
            reason = f"run: {error.spelt(names)}"
            raise UserError(reason, file=check.file, line=check.line("run")) from None
        line, column = check.place(f"{SETUP}.{error.field}", SETUP)
        raise UserError(error.spelt(names), file=check.file, line=line, column=column) from None


def _typed(run: str, names: dict[str, str]) -> Setup:
    """Read a command line as if it was typed; ``names`` is filled with what it calls the fields."""
    try:
        words = shlex.split(run)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if words[:1] == [PROGRAM]:
        del words[0]
    name = " ".join(words[:1])
    if name not in PROGRAMS:
        raise click.UsageError(f"{name or 'nothing'}: it must be a ping or a probe command")
    # Without names for it there is no --help, which would print and exit.
    with PROGRAMS[name].make_context(name, words[1:], help_option_names=[]) as context:
        _refuse_output(context)
        names.update(spellings(context))
        return setup_of(dict(context.params))


def _tabled(keys: dict[str, Any]) -> Setup:
    """Read the keys of a setup, which are the fields of Setup; a ``config`` of one line is a file's name."""
    fields = Setup.__struct_fields__
    for key in keys:
        if key not in fields:
            where = "they are those of Setup, in docs/reference/python.md"
            raise UserError("no such key", field=key, hint=hint(key, fields, where))
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in keys.items()
    }
    config = values.get("config")
    if isinstance(config, str) and "\n" not in config:
        values["config"] = File(config)
    return Setup(**values)


def _beside(setup: Setup, folder: Path) -> Setup:
    """Look for the configuration's file where the check file is; ``./-`` is one, and no standard input."""
    if setup.file is None:
        return setup
    path = str(folder / setup.file)
    if setup.file == STDIN or descriptor(path) is not None:
        raise UserError("standard input is another file each time", field="config", token=setup.file)
    return msgspec.structs.replace(setup, config=File(f"./{path}" if path == STDIN else path))


def inputs(asked: Asked) -> list[str]:
    """Name the files that a check is read from, but for a minimal trace that stands alone in its own."""
    check = asked.check
    golden = check.minimal is not None and check.minimal.file == check.file
    return [*([] if golden else [check.file]), *filter(None, [asked.setup.file])]


def _refuse_output(context: click.Context) -> None:
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ABOUT_A_RUN:
            raise click.UsageError(f"{option.opts[0]} has nothing to act on: a check writes no trace")


def tell_notes(asked: Asked) -> None:
    """Read the configuration and tell its notes; UserError if it cannot be read, or the kernel not booted."""
    with _placed(asked.check, asked.names):
        read = read_configuration(asked.setup)
        plan = planned(asked.setup, read)
    Tracing(plan, read).crossings.close()


@contextmanager
def prepared(asked: Asked) -> Iterator[Tracing]:
    """Read the configuration and boot the kernel; UserError with the check's place if that cannot be."""
    with _placed(asked.check, asked.names):
        read = configuration(asked.setup)
        plan = planned(asked.setup, read)
    tracing = Tracing(plan, read)
    with closing(tracing.crossings):
        yield tracing


def performed(asked: Asked, allowance: Allowance) -> Result:
    """Run a check to its end and compare; UserError with its place if it cannot be run, or runs too long."""
    check = asked.check
    with prepared(asked) as tracing:
        stretches = allowance.spent(check, tracing.stretches())
        with closing(spool(stretches, tracing.crossings.lines())) as trace:
            minimal = list(_numbered(trace)) if check.minimal is not None else []
            found = list(mismatches(check, trace, minimal))
            lines = [line for _row, line in minimal]
            return Result(check=check, mismatches=found, minimal=lines, rerun=_rerun(check, trace.run))


def _rerun(check: Check, run: Run) -> str:
    """Say how to run a check's trace by hand: as the check has it, from where its files are."""
    line = shlex.join(command(run))
    if isinstance(check.run, str):
        line = f"{PROGRAM} {check.run.strip().removeprefix(f'{PROGRAM} ')}"
    elsewhere = run.config and check.folder.resolve() != Path.cwd()
    return f"(cd {shlex.quote(str(check.folder))} && {line})" if elsewhere else line


def _numbered(trace: StoredTrace) -> Iterator[tuple[int, str]]:
    """Give the minimal form's lines, each with its row; 0 for the run's and the verdict's."""
    yield from ((0, line) for line in run_lines(trace.run))
    for step in trace.steps():
        yield from ((step.row, line) for line in step_lines(step))
    yield from ((0, line) for line in verdict_lines(trace.verdict))
