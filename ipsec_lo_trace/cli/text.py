"""Text to a stream: the views' lines through a rich console that may neither cut nor guess."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.text import Text

from ipsec_lo_trace.render.header import verdict_line
from ipsec_lo_trace.render.minimal import minimal_lines
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import View, timeline

UNLIMITED_ROWS = 10_000_000
"""A height keeps rich from asking the terminal; with TERM=dumb it would ignore the width without one."""


@dataclass(frozen=True, slots=True)
class TextChoice:
    """How to show a trace as text."""

    width: int
    colour: bool
    detail: str
    show_bytes: str
    quiet: bool
    assumptions: bool


def write_text(trace: StoredTrace, choice: TextChoice, out: TextIO) -> None:
    """Write the trace's text, line by line."""
    console = Console(
        file=out,
        width=choice.width,
        height=UNLIMITED_ROWS,
        force_terminal=choice.colour,
        color_system="standard" if choice.colour else None,
        no_color=not choice.colour,
        legacy_windows=False,
        markup=False,
        highlight=False,
        emoji=False,
        _environ={},
    )
    for line in _lines(trace, choice):
        console.print(line, soft_wrap=True)


def _lines(trace: StoredTrace, choice: TextChoice) -> Iterator[Text]:
    if choice.quiet:
        return iter(verdict_line(trace.verdict).wrap(choice.width))
    if choice.detail == "minimal":
        return (Text(line) for line in minimal_lines(trace))
    view = View(
        width=choice.width,
        detail=choice.detail,
        show_bytes=choice.show_bytes,
        assumptions=choice.assumptions,
    )
    return timeline(trace, view)
