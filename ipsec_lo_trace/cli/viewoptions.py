"""The options that say where output goes and how it looks; every command spells them alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from ipsec_lo_trace.cli.filename import FileName

F = TypeVar("F", bound=Callable[..., Any])

COLOR_OPTION = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), help="Colour the text [auto]."
)
OUTPUT_OPTION = click.option(
    "-o", "output", type=FileName(), metavar="FILE", default="-", help="Write to FILE, whole or not at all."
)


def text_or_json(meaning: str) -> Callable[[F], F]:
    """Give --format text|json; ``meaning`` is its help."""
    choice = click.Choice(["text", "json"])
    return click.option("--format", "format_", type=choice, default="text", show_default=True, help=meaning)
