"""``ipsec-lo-trace prove``: every small configuration under every kernel, held to claims."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import claims_or_parts, names_of_kind
from ipsec_lo_trace.cli.options import COLOR_OPTION, JSON_LINES_OPTION, OUTPUT_OPTION
from ipsec_lo_trace.cli.params import FileName, OneOf, StrictCommand
from ipsec_lo_trace.cli.shares import JOBS_OPTION, RESUME_OPTION, shard_options

MAX_SAMPLE = 1_000_000


@click.command("prove", cls=StrictCommand, short_help="Prove claims over every small configuration.")
@click.argument("names", nargs=-1, metavar="[CLAIM | PART]...", shell_complete=claims_or_parts)
@click.option(
    "--probe",
    "probes",
    metavar="KIND",
    multiple=True,
    shell_complete=names_of_kind("probes"),
    help="Prove it for this probe instead of ping (repeatable).",
)
@click.option("--all", "every", is_flag=True, help="Prove it for ping and for every probe.")
@click.option(
    "--scope",
    type=OneOf(["whole", "quick", "first"]),
    default="whole",
    show_default=True,
    help="All hosts; those of one address or of one policy for both ways; or 625 simple ones.",
)
@JOBS_OPTION
@RESUME_OPTION
@shard_options(
    "Run one share of the proof, dealt in turn, and write its part as JSON Lines.",
    "Run nothing: read the parts that --shard wrote, and print the whole proof.",
)
@click.option(
    "--check",
    type=FileName(),
    metavar="FILE",
    help="Check the certificate in FILE: its digest, its counts, and a part of its cases, run again.",
)
@click.option(
    "--sample",
    metavar="N",
    type=click.IntRange(0, MAX_SAMPLE),
    default=200,
    show_default=True,
    help="How many cases --check runs again.",
)
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "md", "jsonl"]),
    default="text",
    show_default=True,
    help="As text, as Markdown, or as JSON Lines: the certificate.",
)
@JSON_LINES_OPTION
@click.option("-q", "--quiet", is_flag=True, help="Say nothing on standard error.")
@COLOR_OPTION
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Prove claims over every small configuration.

    CLAIM is one of list claims; all of them unless given. Every host of the scope is run under every kernel:
    each combination of what each place may strip, and other switches. What no stage asks about is not
    decided, so that one run stands for all cases that are alike. The report says how each claim is broken,
    with the smallest case of each kind, and what is the least that cures it. With --merge, each PART is a
    file that --shard wrote.
    """
    return perform("prove", **values)
