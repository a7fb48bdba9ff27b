"""``ipsec-lo-trace explain``: what a name in an output means."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ipsec_lo_trace.cli.commands import perform
from ipsec_lo_trace.cli.options import COLOR_OPTION, OUTPUT_OPTION, text_or_json
from ipsec_lo_trace.cli.params import StrictCommand


def _complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete a name by any of its spellings."""
    from ipsec_lo_trace.pages.index import PAGES, names_of  # noqa: PLC0415 -- not for --help

    begun = incomplete.lower()
    return [
        CompletionItem(name, help=page.kind)
        for page in PAGES
        for name in names_of(page)
        if name.lower().startswith(begun)
    ]


@click.command("explain", cls=StrictCommand, short_help="Say what a name in an output means.")
@click.argument("name", nargs=-1, metavar="[NAME]", shell_complete=_complete)
@text_or_json("As text, or as JSON: an array of pages.")
@COLOR_OPTION
@OUTPUT_OPTION
def command(name: tuple[str, ...], format_: str, color: str | None, output: str) -> int:
    """Say what a name in an output means.

    NAME is a stage, mark, counter, outcome, code, question, decision, fix, algorithm, a term of the glossary,
    or a label of a screen, in any case. Without a NAME: all of them.
    """
    if format_ != "text" and color is not None:
        raise click.UsageError("--color is for text")
    return perform("explain", " ".join(name), format_=format_, color=color, path=output)
