"""The arguments of ``diff``, and what is wrong with them."""

from __future__ import annotations

import click
import msgspec
from click.core import ParameterSource

from ipsec_lo_trace.cli.runargs import RunArguments, given, refuse

DEFAULT = ("@unpatched", "@patched")
ON_THE_SPOT = "@"
STDIN = "-"


def operands(traces: tuple[str, ...]) -> tuple[str, str]:
    """Give A and B; click.UsageError unless both or neither are named."""
    if not traces:
        return DEFAULT
    if len(traces) != 2:  # noqa: PLR2004 -- A and B
        raise click.UsageError(f"two traces are compared, and {len(traces)} given: name A and B, or neither")
    return traces[0], traces[1]


class DiffArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    a: str
    b: str
    run: RunArguments
    unified: bool
    side_by_side: bool
    brief: bool
    format_: str
    context: int | None
    color: str | None
    output: str

    def check(self, context: click.Context) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        self.run.check()
        names = (("--unified", self.unified), ("--side-by-side", self.side_by_side), ("--brief", self.brief))
        layouts = [name for name, is_given in names if is_given]
        if len(layouts) > 1:
            raise click.UsageError(f"{layouts[0]} and {layouts[1]} exclude each other")
        refuse(layouts, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(given(self, color="--color"), "is for text", if_=self.format_ != "text")
        about_rows = given(self, context="-U")
        refuse(about_rows, "has nothing to act on: --brief prints one line", if_=self.brief)
        refuse(about_rows, "has nothing to act on: JSON has no context", if_=self.format_ == "json")
        read = [self.a, self.b, self.run.config].count(STDIN)
        if read > 1:
            raise click.UsageError("standard input can be read once, and - is named twice")
        stored = not (self.a.startswith(ON_THE_SPOT) or self.b.startswith(ON_THE_SPOT))
        refuse(given_run_options(context), "has nothing to act on: both traces are stored", if_=stored)


def given_run_options(context: click.Context) -> list[str]:
    """Name the options about a run that the command line gives."""
    return [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name in RunArguments.__struct_fields__
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
