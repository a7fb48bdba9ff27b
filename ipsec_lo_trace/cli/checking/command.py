"""Parse a check's command line with the very command that a user types."""

from __future__ import annotations

import shlex
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.checking.model import Check
from ipsec_lo_trace.cli.output import PROGRAM
from ipsec_lo_trace.cli.ping import command as ping
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.probe import command as probe
from ipsec_lo_trace.cli.runargs import RunArguments
from ipsec_lo_trace.cli.runoptions import run_arguments
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.profiles.whatif import parse_cut
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
