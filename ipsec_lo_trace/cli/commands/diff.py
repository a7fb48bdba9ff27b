"""``ipsec-lo-trace diff``: where two traces part, and what follows from it."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import traces
from ipsec_lo_trace.cli.options import (
    COLOR_OPTION,
    GLYPHS_OPTION,
    HOST_OPTION,
    JSON_OPTION,
    OUTPUT_OPTION,
    PROBE_OPTION,
    given_run_options,
    run_options,
)
from ipsec_lo_trace.cli.params import OneOf, StrictCommand

DEFAULT = ("@unpatched", "@patched")


def operands(traces: tuple[str, ...]) -> tuple[str, str]:
    """Return A and B; click.UsageError unless both or neither are named."""
    if not traces:
        return DEFAULT
    if len(traces) != 2:  # noqa: PLR2004 -- A and B
        raise click.UsageError(
            f"two traces are compared, and {len(traces)} given: name A and B, as in diff @unpatched @patched"
        )
    return traces[0], traces[1]


@click.command("diff", cls=StrictCommand, short_help="Show where two traces part, and what follows.")
@click.argument("traces", nargs=-1, metavar="[A B]", shell_complete=traces)
@HOST_OPTION
@PROBE_OPTION
@run_options
@click.option("-u", "--unified", "unified", is_flag=True, help="As a unified diff of the minimal forms.")
@click.option("-y", "--side-by-side", "side_by_side", is_flag=True, help="In two columns.")
@click.option("-q", "--brief", "brief", is_flag=True, help="In one line.")
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "json", "md"]),
    default="text",
    show_default=True,
    help="As text, as one JSON document, or as Markdown.",
)
@JSON_OPTION
@click.option(
    "-U",
    "context",
    metavar="N",
    type=click.IntRange(0, 1_000_000),
    help="Show N rows (or lines) that are the same around each difference [0; with --unified 3].",
)
@COLOR_OPTION
@GLYPHS_OPTION
@OUTPUT_OPTION
@click.pass_context
def command(here: click.Context, /, traces: tuple[str, ...], **values: Any) -> int:  # noqa: ANN401 -- as click gives them
    """Show where two traces part, and what follows.

    A and B are stored traces (--format jsonl or json), - for standard input, or runs on the spot: @unpatched,
    @patched, or @ and a fix's name. Without A and B: @unpatched @patched. Exits 0 if the same happened in
    both, 1 if not.
    """
    a, b = operands(traces)
    return perform("diff", given_run_options(here), a=a, b=b, **values)
