"""``ipsec-lo-trace why``: the questions of one row, their operands, and what depends on the answers."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.filename import FileName
from ipsec_lo_trace.cli.runoptions import HOST_OPTION, PROBE_OPTION, fix_options, run_arguments, run_options
from ipsec_lo_trace.cli.strict import StrictCommand
from ipsec_lo_trace.cli.viewoptions import COLOR_OPTION, OUTPUT_OPTION, text_or_json
from ipsec_lo_trace.cli.whyargs import WhyArguments


@click.command("why", cls=StrictCommand, short_help="Say what one row asked, and what depends on the answer.")
@click.argument("row", metavar="ROW")
@click.argument("trace", required=False, type=FileName(), metavar="[TRACE]")
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

    ROW is a row's number, or cause, effect, seen or unseen, as the verdict names its rows. TRACE is a stored
    trace (--format jsonl) or - for standard input; without it, the options say what to run.
    """
    arguments = WhyArguments(run=run_arguments(values), **values)
    arguments.check(context)
    from ipsec_lo_trace.cli.run_why import run_why  # noqa: PLC0415 -- rich loads only to run

    return run_why(arguments)
