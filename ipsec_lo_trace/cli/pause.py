"""``ping --pause``: a trace row by row, at the reader's own pace."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from ipsec_lo_trace.cli.terminal import TextChoice, laid_out, text_lines
from ipsec_lo_trace.cli.waiting import await_input
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.store import Source

FORTH, BACK, QUIT = " \r\n", "b\x7f\x08", "q\x03\x04\x1b"
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""What empties a terminal, and goes to its first line."""


def check_terminal() -> None:
    """Refuse to wait where nobody can press a key; UserError."""
    streams = getattr(sys, "stdin", None), getattr(sys, "stdout", None)
    if not all(stream is not None and stream.isatty() for stream in streams):
        raise UserError("--pause waits for keys, and this is no terminal")


@contextmanager
def keyboard() -> Iterator[Callable[[], str]]:
    """Give what reads a key, as soon as it is pressed and without showing it."""
    if os.name != "posix":
        yield click.getchar
        return
    import termios  # noqa: PLC0415 -- not on every system
    import tty  # noqa: PLC0415

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    # Once for the whole walk: between two keys a terminal would lose what is typed.
    tty.setcbreak(terminal, termios.TCSADRAIN)
    try:
        yield lambda: _pressed(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _pressed(terminal: int) -> str:
    await_input(terminal)
    return os.read(terminal, 1).decode("latin-1") or QUIT[0]


def walk(trace: Source, choice: TextChoice, key: Callable[[], str]) -> None:
    """Show a trace up to its next row, and wait; go back where that is asked for, and stop at "quit"."""
    ahead = _blocks(trace, choice)
    shown: list[str] = []
    block = next(ahead, None)
    while block is not None:
        shown.append(block)
        _write(block)
        while (pressed := key()) not in FORTH:
            if pressed in QUIT:
                return
            if pressed in BACK and len(shown) > 1:
                ahead = _before(shown.pop(), ahead)
                _write(CLEAR + "".join(shown))
        block = next(ahead, None)


def _before(block: str, ahead: Iterator[str]) -> Iterator[str]:
    yield block
    yield from ahead


def _blocks(trace: Source, choice: TextChoice) -> Iterator[str]:
    """Yield the text in pieces that end with a row; the last has what stands below them."""
    lines: list[str] = []
    for line in text_lines(trace, choice):
        lines += laid_out(line, choice)
        if line.is_row:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
