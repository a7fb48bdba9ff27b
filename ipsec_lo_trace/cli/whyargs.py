"""The arguments of ``why``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.runargs import RunArguments, given, one_fix, refuse

ABOUT_A_RUN = frozenset({"patched", "unpatched", "fix", *RunArguments.__struct_fields__})


class WhyArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    row: str
    trace: str | None
    unpatched: bool
    patched: bool
    fix: str | None
    run: RunArguments
    format_: str
    color: str | None
    output: str

    def check(self, context: click.Context) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        refuse(
            _run_options(context),
            f"has nothing to act on: {self.trace} is stored",
            if_=self.trace is not None,
        )
        self.run.check()
        one_fix(patched=self.patched, unpatched=self.unpatched, fix=self.fix)
        refuse(given(self, color="--color"), "is for text", if_=self.format_ != "text")


def _run_options(context: click.Context) -> list[str]:
    """Name the options about a run that the command line gives."""
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in ABOUT_A_RUN
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
