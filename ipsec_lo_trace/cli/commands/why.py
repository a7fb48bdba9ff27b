"""``ipsec-lo-trace why``: the questions of one row, their operands, and what depends on the answers."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import ROW, traces
from ipsec_lo_trace.cli.options import (
    COLOR_OPTION,
    HOST_OPTION,
    OUTPUT_OPTION,
    PROBE_OPTION,
    fix_options,
    given_run_options,
    run_options,
    text_or_json,
)
from ipsec_lo_trace.cli.params import StrictCommand


@click.command("why", cls=StrictCommand, short_help="Say what one row asked, and what depends on the answer.")
@click.argument("row", metavar="ROW", shell_complete=ROW)
@click.argument("trace", required=False, shell_complete=traces, metavar="[TRACE]")
@fix_options
@HOST_OPTION
@PROBE_OPTION
@run_options
@text_or_json("As text, or as one JSON document.")
@COLOR_OPTION
@OUTPUT_OPTION
@click.pass_context
def command(context: click.Context, /, **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Say what one row asked, and what depends on the answer.

    ROW is a row's number, or cause, effect, seen or unseen, as the verdict names its rows, or a stage, which
    names its rows if it has several. TRACE is a stored
    trace (--format jsonl or json), - for standard input, or a run on the spot: @unpatched, @patched, or @ and
    a fix's name. Without it, the options say what to run.
    """
    return perform("why", given_run_options(context), **values)
