"""``ipsec-lo-trace matrix``: every case under every fix, in one table."""

from __future__ import annotations

from typing import Any

import click

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.complete import ROW_PATTERNS, names_of_kind
from ipsec_lo_trace.cli.options import (
    COLOR_OPTION,
    GLYPHS_OPTION,
    JSON_OPTION,
    OUTPUT_OPTION,
)
from ipsec_lo_trace.cli.params import FileName, OneOf, StrictCommand
from ipsec_lo_trace.cli.shares import JOBS_OPTION, shard_options
from ipsec_lo_trace.model.codes import OUTCOMES


@click.command("matrix", cls=StrictCommand, short_help="Run every case under every fix, in one table.")
@click.argument("files", nargs=-1, type=FileName(), metavar="[PART]...")
@click.option(
    "--rows",
    metavar="PATTERN",
    multiple=True,
    shell_complete=ROW_PATTERNS,
    help="Only rows whose name fits, as 'tcp-*' (repeatable).",
)
@click.option(
    "--columns",
    metavar="FIX",
    multiple=True,
    shell_complete=names_of_kind("fixes"),
    help="Only this fix (repeatable).",
)
@click.option("--only", type=OneOf(OUTCOMES), help="Only rows that have this outcome somewhere.")
@click.option("--commands", is_flag=True, help="Print each cell's command instead of the table.")
@click.option(
    "--format",
    "format_",
    type=OneOf(["text", "md", "json", "html"]),
    default="text",
    show_default=True,
    help="As text, as Markdown, as one JSON document, or as a web page.",
)
@JSON_OPTION
@JOBS_OPTION
@shard_options(
    "Run one share of the rows, dealt in turn, and write its part as JSON.",
    "Run nothing: read the parts that --shard wrote, and print the whole table.",
)
@COLOR_OPTION
@GLYPHS_OPTION
@click.option("-v", "--verbose", "verbose", is_flag=True, help="Say what each fix cures and leaves, too.")
@OUTPUT_OPTION
def command(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Run every case under every fix, in one table.

    Rows are pings over each configuration that comes with the program (list cases) and probes (list probes);
    columns are the fixes (list fixes). The table shows the result of each run. With --merge, each PART is a
    file that --shard wrote.
    """
    return perform("matrix", **values)
