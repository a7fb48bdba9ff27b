"""Complete the names that explain knows, without loading what they run."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def names_of_kind(kind: str) -> Completer:
    """Give what completes a name of one of the kinds that ``list`` lists."""

    def complete(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        from ipsec_lo_trace.pages.index import KINDS  # noqa: PLC0415 -- not for --help

        _meaning, pages = KINDS[kind]
        return [CompletionItem(page.name, help=page.text) for page in pages if page.name.startswith(begun)]

    return complete
