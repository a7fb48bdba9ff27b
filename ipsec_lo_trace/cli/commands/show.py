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
    choice_options,
)
from ipsec_lo_trace.cli.params import FileName, StrictCommand


@click.command("show", cls=StrictCommand, short_help="Show a stored trace as text, whole or in part.")
@click.argument("trace")
@choice_options
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
