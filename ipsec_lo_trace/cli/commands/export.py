"""``ipsec-lo-trace export``: a trace in the form of another viewer."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import traces
from ipsec_lo_trace.cli.formats import FORMATS
from ipsec_lo_trace.cli.options import (
    HOST_OPTION,
    OUTPUT_OPTION,
    PROBE_OPTION,
    given_run_options,
    run_options,
)
from ipsec_lo_trace.cli.params import OneOf, StrictCommand


@click.command(
    "export", cls=StrictCommand, short_help="Write a trace for Wireshark, a browser, a graph viewer."
)
@click.argument("traces", nargs=-1, required=True, metavar="TRACE [B]", shell_complete=traces)
@click.option("--to", type=OneOf(FORMATS), help="The form to write [by the name of -o].")
@click.option("--wire", is_flag=True, help="pcapng: only what crossed lo0, as tcpdump would see it.")
@click.option("--no-keys", is_flag=True, help="Captures: write no keys anywhere.")
@HOST_OPTION
@PROBE_OPTION
@run_options
@OUTPUT_OPTION
@click.pass_context
def command(here: click.Context, /, **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Write a trace for Wireshark, a browser, a graph viewer.

    TRACE is a stored trace (--format jsonl or json), - for standard input, or a run on the spot: @unpatched,
    @patched, or @ and a fix's name. html takes a second one, B, and shows both side by side.

    Beside a capture FILE with ESP in it, FILE.keys has the keys, in the tshark and tcpdump commands that
    decrypt it. A stored trace has none: they come from -f FILE, or from the built-in configuration if that
    was used.
    """
    return perform("export", given_run_options(here), **values)
