"""``ipsec-lo-trace schema``: the JSON Schema of a trace's records."""

from __future__ import annotations

import click

from ipsec_lo_trace.cli.commands import load
from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.params import FileName, StrictCommand


@click.command("schema", cls=StrictCommand, short_help="Print the JSON Schema of a trace's records.")
@click.option(
    "-o",
    "--output",
    "path",
    type=FileName(),
    metavar="FILE",
    default="-",
    help="Write to FILE, whole or not at all.",
)
def command(path: str) -> int:
    """Print the JSON Schema of a trace's records.

    Every line of a trace in JSON Lines (ping --format jsonl) validates against it.
    """
    text: str = load("ipsec_lo_trace.render.store:schema_text")()
    with output(path) as out:
        out.write(text.encode("ascii"))
    return 0
