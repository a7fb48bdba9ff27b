"""``ipsec-lo-trace list``: names by kind, one a line, for people and for completion."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, OUTPUT_OPTION, text_or_json
from ipsec_lo_trace.cli.params import StrictCommand


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help

    return [
        CompletionItem(kind, help=meaning)
        for kind, (meaning, _pages) in KINDS.items()
        if kind.startswith(incomplete)
    ]


@click.command("list", cls=StrictCommand, short_help="List names by kind, one a line.")
@click.argument("kind", required=False, metavar="[KIND]", shell_complete=_complete)
@text_or_json("One name a line, or as a JSON array.")
@COLOR_OPTION
@OUTPUT_OPTION
def command(kind: str | None, format_: str, color: str | None, output: str) -> int:
    """List names by kind, one a line.

    Without a KIND, the kinds are listed. A terminal gets what each name means beside it, a pipe or a file the
    names alone. More about a name says explain.
    """
    if format_ != "text" and color is not None:
        raise click.UsageError("--color is for text")
    return perform("list_", kind, format_=format_, color=color, path=output)
