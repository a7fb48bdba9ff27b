"""``ipsec-lo-trace schema``: the JSON Schema of a trace's records."""

from __future__ import annotations

import click

from ipsec_lo_trace.cli.filename import FileName
from ipsec_lo_trace.cli.strict import StrictCommand


@click.command("schema", cls=StrictCommand, short_help="Print the JSON Schema of a trace's records.")
@click.option(
    "-o", "path", type=FileName(), metavar="FILE", default="-", help="Write to FILE, whole or not at all."
)
def command(path: str) -> int:
    """Print the JSON Schema of a trace's records.

    Every line of a trace in JSON Lines (ping --format jsonl) validates against it.
    """
    from ipsec_lo_trace.cli.output import output  # noqa: PLC0415 -- not for --help
    from ipsec_lo_trace.render.schema import schema_text  # noqa: PLC0415 -- not for --help

    with output(path) as out:
        out.write(schema_text().encode("ascii"))
    return 0
