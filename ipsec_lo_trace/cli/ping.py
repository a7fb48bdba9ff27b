"""``ipsec-lo-trace ping``: an echo request and its reply over lo0, traced."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.runoptions import HOST, run_arguments, run_options
from ipsec_lo_trace.cli.strict import StrictCommand
from ipsec_lo_trace.cli.viewoptions import COLOR_OPTION, OUTPUT_OPTION


@click.command("ping", cls=StrictCommand, short_help="Trace an echo request and its reply over lo0.")
@HOST
@click.option("--unpatched", is_flag=True, help="icmp_reflect leaves the tags alone (the default).")
@click.option("--patched", is_flag=True, help="icmp_reflect deletes all tags: the fix of 2003.")
@run_options
@click.option("--show-config", is_flag=True, help="Print the configuration as setkey(8) text, and stop.")
@click.option(
    "--drop-mark",
    metavar="NAME@STAGE[:VISIT]",
    multiple=True,
    help="What if: delete this mark, or all tags, flags or marks, right after that stage (repeatable).",
)
@click.option("--bisect", is_flag=True, help="What if: find the rows after which deleting the tags helps.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "jsonl", "json"]),
    default="text",
    show_default=True,
    help="As a timeline, as JSON Lines, or as one JSON document.",
)
@click.option("--detail", type=click.Choice(["minimal", "summary", "full"]), help="How much text [summary].")
@click.option(
    "--bytes", "show_bytes", type=click.Choice(["none", "changed", "all"]), help="Packet bytes [none]."
)
@COLOR_OPTION
@click.option("-q", "quiet", is_flag=True, help="Print the verdict line only.")
@click.option("-v", "verbose", is_flag=True, help="List every assumption.")
@OUTPUT_OPTION
@click.option("--expect", metavar="OUTCOME", help="Exit 1 unless it ends so: an outcome or a verdict's code.")
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Trace an echo request and its reply over lo0.

    HOST is an address of this machine's lo0: 127.0.0.1, or one given with --local.
    """
    arguments = PingArguments(run=run_arguments(values), **values)
    arguments.check()
    from ipsec_lo_trace.cli.run_ping import run_ping  # noqa: PLC0415 -- scapy and rich load only to run

    return run_ping(arguments)
