"""A command that refuses an option given twice, where click would let the last one win in silence."""

from __future__ import annotations

from typing import Any

import click


class StrictCommand(click.Command):
    """Every option that takes one value may be given once."""

    def make_parser(self, ctx: click.Context) -> Any:  # noqa: ANN401 -- click's parser is not public
        """Let click's parser tell which options it saw, in their order."""
        return _OnceParser(super().make_parser(ctx), ctx)


class _OnceParser:
    """click's parser, and a look at what it saw."""

    def __init__(self, parser: Any, ctx: click.Context) -> None:  # noqa: ANN401 -- as above
        self._parser = parser
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- everything else is the parser's
        return getattr(self._parser, name)

    def parse_args(self, args: list[str]) -> tuple[dict[str, Any], list[str], list[click.Parameter]]:
        """Parse as ever, and refuse an option that was seen twice."""
        opts, rest, seen = self._parser.parse_args(args)
        options = [param for param in seen if isinstance(param, click.Option)]
        for option in options:
            if options.count(option) > 1 and not (option.multiple or option.is_flag):
                raise click.UsageError(f"{option.opts[0]} is given more than once", ctx=self._ctx)
        return opts, rest, seen
