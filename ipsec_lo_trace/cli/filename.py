"""The name of a file, which a shell can complete; whether it can be opened is seen when it is."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


class FileName(click.ParamType[str]):
    """Any text; ``-`` is standard input or output."""

    name = "file"

    def convert(self, value: str, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        """Take the name as it is: click.Path would look at the file, and refuse one that is write-only."""
        return value

    def shell_complete(
        self, _ctx: click.Context, _param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Let the shell complete it."""
        return [CompletionItem(incomplete, type="file")]
