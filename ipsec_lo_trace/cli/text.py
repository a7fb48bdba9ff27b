"""Text to a stream: the views' lines, with rich's styles turned into ANSI sequences if colour is wanted."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import TextIO

import msgspec
from rich.color import ColorSystem
from rich.text import Text

from ipsec_lo_trace.render.header import verdict_line
from ipsec_lo_trace.render.minimal import minimal_lines
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import View, timeline

UNWRAPPED = 1 << 16
"""A width, in columns, that no verdict reaches: -q is one line, for grep."""


class TextChoice(msgspec.Struct, frozen=True):
    """How to show a trace as text."""

    width: int
    colour: bool
    detail: str
    show_bytes: str
    quiet: bool
    assumptions: bool


def write_text(trace: StoredTrace, choice: TextChoice, out: TextIO) -> None:
    """Write the trace's text, line by line."""
    shown = _coloured() if choice.colour else _plain
    for line in _lines(trace, choice):  # noqa: FURB122 -- a codec's writelines would join them all first
        out.write(shown(line) + "\n")


def _plain(line: Text) -> str:
    return line.plain


def _coloured() -> Callable[[Text], str]:
    """Give what turns styles into ANSI sequences; rich's own printing would flush and guess at each line."""
    from rich.console import Console  # noqa: PLC0415 -- dear, and plain text does without it

    console = Console(file=io.StringIO(), _environ={})
    return lambda line: "".join(
        piece.style.render(piece.text, color_system=ColorSystem.STANDARD) if piece.style else piece.text
        for piece in line.render(console)
    )


def _lines(trace: StoredTrace, choice: TextChoice) -> Iterator[Text]:
    if choice.quiet:
        return iter(verdict_line(trace.verdict).wrap(UNWRAPPED))
    if choice.detail == "minimal":
        return (Text(line) for line in minimal_lines(trace))
    view = View(
        width=choice.width,
        detail=choice.detail,
        show_bytes=choice.show_bytes,
        assumptions=choice.assumptions,
    )
    return timeline(trace, view)
