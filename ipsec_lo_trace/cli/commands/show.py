"""``ipsec-lo-trace show``: a stored trace as text, whole or in part."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import traces
from ipsec_lo_trace.cli.options import (
    BYTES_OPTION,
    COLOR_OPTION,
    GLYPHS_OPTION,
    HOST_OPTION,
    OUTPUT_OPTION,
    PROBE_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
    choice_options,
    given_run_options,
    run_options,
)
from ipsec_lo_trace.cli.params import OneOf, StrictCommand


@click.command("show", cls=StrictCommand, short_help="Show a stored trace as text, whole or in part.")
@click.argument("trace", shell_complete=traces)
@choice_options
@click.option("--detail", type=OneOf(["minimal", "summary", "full"]), help="How much text [summary].")
@BYTES_OPTION
@HOST_OPTION
@PROBE_OPTION
@run_options
@COLOR_OPTION
@GLYPHS_OPTION
@QUIET_OPTION
@VERBOSE_OPTION
@OUTPUT_OPTION
@click.pass_context
def command(here: click.Context, /, **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Show a stored trace as text, whole or in part.

    TRACE is a stored trace (--format jsonl or json), - for standard input, or a run on the spot: @unpatched,
    @patched, or @ and a fix's name. The text is that of the run itself. Options that choose rows can be given
    several times: a row fits if it fits each kind of them. For a stored trace -f gives the keys that open ESP
    for --bytes layers.
    """
    return perform("show", given_run_options(here), **values)
