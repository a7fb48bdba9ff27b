"""``ipsec-lo-trace sweep``: random configurations under every fix, held to laws."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, JSON_LINES_OPTION, OUTPUT_OPTION
from ipsec_lo_trace.cli.params import FileName, OneOf, StrictCommand
from ipsec_lo_trace.cli.shares import JOBS_OPTION, RESUME_OPTION, shard_options
from ipsec_lo_trace.model.setup import LIMITS
from ipsec_lo_trace.model.sweep import CASES, MAX_CASES


@click.command("sweep", cls=StrictCommand, short_help="Look for surprises in random configurations.")
@click.argument("files", nargs=-1, type=FileName(), metavar="[PART]...")
@click.option(
    "--cases",
    metavar="N",
    type=click.IntRange(1, MAX_CASES),
    default=CASES,
    show_default=True,
    help="Run N cases.",
)
@click.option(
    "--seed",
    metavar="N",
    type=click.IntRange(*LIMITS["seed"]),
    default=0,
    show_default=True,
    help="Which cases: the same seed always draws the same.",
)
@JOBS_OPTION
@RESUME_OPTION
@shard_options(
    "Run one share of the cases, twenty in turn, and write its part as JSON Lines.",
    "Run nothing: read the parts that --shard wrote, and report on all cases.",
)
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "jsonl"]),
    default="text",
    show_default=True,
    help="As text, or as JSON Lines: the sweep, then each broken law.",
)
@JSON_LINES_OPTION
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error.")
@COLOR_OPTION
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Look for surprises in random configurations.

    Each case is a random legal configuration and a ping or a probe. It is run under every fix (list fixes),
    and every run is held to laws (list laws). Where a kernel is known to break a law (list truths), that is
    counted by itself; any other breach makes the exit code 1. The first case of each kind is minimised
    and printed with the command that runs it. With --merge, each PART is a file that --shard wrote.
    """
    return perform("sweep", **values)
