"""Write a text of lines to where it is wanted, in the width and the colour that fit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

from rich.text import Text

from ipsec_lo_trace.cli.colour import columns, wants_colour
from ipsec_lo_trace.cli.output import STDOUT, output
from ipsec_lo_trace.cli.text import ascii_stream, write_lines


def write_page(path: str, colour: str | None, lines: Callable[[int], Iterable[Text]]) -> None:
    """Write the lines that ``lines`` gives for a width in columns; ``colour`` is what --color says."""
    terminal = path == STDOUT and sys.stdout.isatty()
    text = list(lines(columns(os.environ, is_terminal=terminal)))
    with output(path) as out:
        coloured = wants_colour(colour or "auto", os.environ, is_terminal=terminal)
        write_lines(text, ascii_stream(out), colour=coloured)
