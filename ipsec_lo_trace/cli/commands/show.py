"""``ipsec-lo-trace show``: a stored trace as text, whole or in part."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import (
    BYTES_OPTION,
    COLOR_OPTION,
    GLYPHS_OPTION,
    OUTPUT_OPTION,
    QUIET_OPTION,
    VERBOSE_OPTION,
)
from ipsec_lo_trace.cli.params import EchoType, FileName, PacketType, RowsType, StepType, StrictCommand


@click.command("show", cls=StrictCommand, short_help="Show a stored trace as text, whole or in part.")
@click.argument("trace")
@click.option("--rows", type=RowsType(), multiple=True, help="Only these rows, such as 3-7,9.")
@click.option("--stage", "stages", metavar="NAME", multiple=True, help="Only rows of this stage.")
@click.option("--mark", "marks", metavar="NAME", multiple=True, help="Only rows whose packet bore this mark.")
@click.option(
    "--packet", "packets", type=PacketType(), multiple=True, help="Only rows of this packet, such as P2."
)
@click.option("--echo", "echoes", type=EchoType(), multiple=True, help="Only rows of this echo.")
@click.option(
    "--step", "steps", type=StepType(), multiple=True, help="Only rows of this step: 1 to 8, or after."
)
@click.option("--detail", type=click.Choice(["minimal", "summary", "full"]), help="How much text [summary].")
@BYTES_OPTION
@click.option(
    "-f", "--config", type=FileName(), help="The run's configuration, whose keys open ESP for --bytes layers."
)
@COLOR_OPTION
@GLYPHS_OPTION
@QUIET_OPTION
@VERBOSE_OPTION
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Show a stored trace as text, whole or in part.

    TRACE was written by --format jsonl; - is standard input. The text is that of the run itself. Options that
    choose rows can be given several times: a row fits if it fits each kind of them.
    """
    return perform("show", **values)
