"""``ipsec-lo-trace export``: a trace in the form of another viewer."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.exportargs import ExportArguments
from ipsec_lo_trace.cli.runoptions import HOST_OPTION, PROBE_OPTION, run_arguments, run_options
from ipsec_lo_trace.cli.strict import StrictCommand
from ipsec_lo_trace.cli.viewoptions import OUTPUT_OPTION
from ipsec_lo_trace.render.export.formats import FORMATS


@click.command(
    "export", cls=StrictCommand, short_help="Write a trace for Wireshark, a browser, a graph viewer."
)
@click.argument("traces", nargs=-1, required=True, metavar="TRACE [B]")
@click.option("--to", type=click.Choice(list(FORMATS)), required=True, help="The form to write.")
@click.option("--wire", is_flag=True, help="pcapng: only what crossed lo0, as tcpdump would see it.")
@click.option("--no-keys", is_flag=True, help="Captures: write no keys anywhere.")
@HOST_OPTION
@PROBE_OPTION
@run_options
@OUTPUT_OPTION
@click.pass_context
def command(here: click.Context, /, **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Write a trace for Wireshark, a browser, a graph viewer.

    TRACE is a stored trace (--format jsonl), - for standard input, or a run on the spot: @unpatched,
    @patched, or @ and a fix's name. html takes a second one, B, and shows both side by side.

    Beside a capture FILE with ESP in it, FILE.keys has the keys, in the tshark and tcpdump commands that
    decrypt it. A stored trace has none: they come from -f FILE, or from the built-in configuration if that
    was used.
    """
    arguments = ExportArguments(run=run_arguments(values), **values)
    arguments.check(here)
    from ipsec_lo_trace.cli.run_export import run_export  # noqa: PLC0415 -- what writes loads only to run

    return run_export(arguments)
