"""``ipsec-lo-trace audit``: a real loopback's capture, held against its host's keys and policies."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, JSON_LINES_OPTION, OUTPUT_OPTION
from ipsec_lo_trace.cli.params import FileName, OneOf, StrictCommand
from ipsec_lo_trace.cli.shares import shard_options

CONFIG_HELP = (
    "The host's setkey(8) file, setkey -D and -DP, or ip xfrm state and policy (repeatable); - is stdin."
)
CAPTURE = click.argument("capture", type=FileName())
CONFIG_OPTION = click.option(
    "-f",
    "--config",
    "config",
    type=FileName(),
    metavar="FILE",
    required=True,
    multiple=True,
    help=CONFIG_HELP,
)


@click.command("audit", cls=StrictCommand, short_help="Judge what a real loopback carried.")
@click.argument("files", nargs=-1, required=True, type=FileName(), metavar="CAPTURE")
@click.option("-f", "--config", "config", type=FileName(), metavar="FILE", multiple=True, help=CONFIG_HELP)
@click.option(
    "-i",
    "--interface",
    metavar="IF",
    help="The interface whose packets to judge, by name or number; any: all [lo, where the capture tells].",
)
@click.option("--all", "rows", is_flag=True, help="Print a row for each packet, not what was found alone.")
@shard_options(
    "Judge one share of the capture, by pairs of addresses, and write its part as JSON Lines.",
    "Read the parts that --shard wrote in place of a capture, and sum up.",
)
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "jsonl", "junit"]),
    default="text",
    show_default=True,
    help="As text, as JSON Lines, or as JUnit's XML.",
)
@JSON_LINES_OPTION
@COLOR_OPTION
@click.option("-q", "--quiet", "quiet", is_flag=True, help="Print the verdict line only.")
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Judge what a real loopback carried: did anything cross in clear that a policy protects?

    CAPTURE is a pcap or pcapng file of one host's loopback, as tcpdump writes it; - is standard input. The
    exit code is 1 if something did. With --merge, the files are parts that --shard wrote.
    """
    return perform("audit", **values)
