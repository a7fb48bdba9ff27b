"""Write a text of lines to where it is wanted, in the width and the colour that fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.text import Text

from ipsec_lo_trace.cli.colour import look
from ipsec_lo_trace.cli.output import output
from ipsec_lo_trace.cli.text import ascii_stream, write_lines


def write_page(path: str, color: str | None, lines: Callable[[int], Iterable[Text]]) -> None:
    """Write the lines that ``lines`` gives for a width in columns; ``color`` is what --color says."""
    width, colour = look(path, color)
    text = list(lines(width))
    with output(path) as out:
        write_lines(text, ascii_stream(out), colour=colour)
