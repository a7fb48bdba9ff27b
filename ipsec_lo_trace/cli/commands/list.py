"""``ipsec-lo-trace list``: names by kind, one a line, for machines and for completion."""

from __future__ import annotations

import json

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.files import output as opened
from ipsec_lo_trace.cli.options import OUTPUT_OPTION, text_or_json
from ipsec_lo_trace.cli.params import StrictCommand
from ipsec_lo_trace.model.errors import UserError


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
@OUTPUT_OPTION
def command(kind: str | None, format_: str, output: str) -> int:
    """List names by kind, one a line.

    Without a KIND, the kinds are listed. What a name means, explain says.
    """
    from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help

    if kind is not None and kind not in KINDS:
        raise UserError(f"list {kind}: no such kind", hint=f"there are {', '.join(KINDS)}")
    names = [page.name for page in KINDS[kind][1]] if kind else list(KINDS)
    text = json.dumps(names, indent=2) if format_ == "json" else "\n".join(names)
    with opened(output) as out:
        out.write(text.encode("ascii") + b"\n")
    return 0
