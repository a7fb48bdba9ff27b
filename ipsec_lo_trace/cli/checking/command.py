"""Parse a check's command line with the very command that a user types, run it, and compare."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.checking.compare import mismatches
from ipsec_lo_trace.cli.checking.model import Check, Result
from ipsec_lo_trace.cli.commands.ping import ping, probe
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.cli.options import RunArguments, chosen_fix, run_arguments
from ipsec_lo_trace.cli.run.ping import PingArguments
from ipsec_lo_trace.cli.run.start import configuration, start
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.minimal import run_lines, step_lines, verdict_lines
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.tracer.whatif import parse_cut
from ipsec_lo_trace.userland.probe_kind import known_probe

ABOUT_THE_RUN = {*RunArguments.__struct_fields__, "patched", "unpatched", "fix", "drop_mark"}
"""The parameters that change what happens; the others are about what is written."""
PROGRAMS = {"ping": ping, "probe": probe}
"""What a check can run."""


def arguments_of(check: Check) -> PingArguments:
    """Give the arguments of a check's run; UserError with the check's place if they are faulty."""
    line = check.line("run")
    try:
        arguments = _parsed(check.run)
        for cut in arguments.drop_mark:
            parse_cut(cut)
        if arguments.fix is not None:
            known_fix(arguments.fix, "--fix ")
        if arguments.run.probe is not None:
            known_probe(arguments.run.probe)
    except (click.UsageError, UserError, ValueError) as error:
        reason = error.format_message() if isinstance(error, click.UsageError) else str(error)
        raise UserError(f"run: {reason}", file=check.file, line=line) from None
    config = arguments.run.config
    if config == "-":
        raise UserError("run: -f - is another file each time", file=check.file, line=line)
    if config is not None:
        run = msgspec.structs.replace(arguments.run, config=str(check.folder / config))
        arguments = msgspec.structs.replace(arguments, run=run)
    return arguments


def _parsed(run: str) -> PingArguments:
    words = shlex.split(run)
    if words[:1] == [PROGRAM]:
        del words[0]
    name = " ".join(words[:1])
    if name not in PROGRAMS:
        raise click.UsageError(f"{name or 'nothing'}: it must be a ping or a probe command")
    # Without names for it there is no --help, which would print and exit.
    with PROGRAMS[name].make_context(name, words[1:], help_option_names=[]) as context:
        _refuse_output(context)
        values: dict[str, Any] = dict(context.params)
    arguments = PingArguments(run=run_arguments(values), **values)
    arguments.check()
    return arguments


def _refuse_output(context: click.Context) -> None:
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name not in ABOUT_THE_RUN:
            raise click.UsageError(f"{option.opts[0]} has nothing to act on: a check writes no trace")


@contextmanager
def prepared(arguments: PingArguments) -> Iterator[Tracing]:
    """Read the configuration and boot the kernel, so that what cannot run is told before anything runs."""
    fix, chosen = chosen_fix(arguments)
    cuts = tuple(parse_cut(text) for text in arguments.drop_mark)
    tracing = start(arguments.run, fix, chosen=chosen, read=configuration(arguments.run), cuts=cuts)
    try:
        yield tracing
    finally:
        tracing.crossings.close()


def performed(check: Check, tracing: Tracing) -> Result:
    """Run it to its end and compare."""
    trace = spool(tracing.stretches(), tracing.crossings.lines())
    try:
        minimal = list(_numbered(trace))
        found = list(mismatches(check, trace, minimal))
        return Result(check=check, mismatches=found, minimal=[line for _row, line in minimal])
    finally:
        trace.close()


def _numbered(trace: StoredTrace) -> Iterator[tuple[int, str]]:
    """Give the minimal form's lines, each with its row; 0 for the run's and the verdict's."""
    yield from ((0, line) for line in run_lines(trace.run))
    for step in trace.steps():
        yield from ((step.row, line) for line in step_lines(step))
    yield from ((0, line) for line in verdict_lines(trace.verdict))
