"""Text to a stream: the views' lines, with rich's styles turned into ANSI sequences if colour is wanted."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import IO, TYPE_CHECKING, Protocol, TextIO

import msgspec

from ipsec_lo_trace.cli.files import STDOUT, columns, output
from ipsec_lo_trace.render.chosen import Chosen
from ipsec_lo_trace.render.dump import Dissect
from ipsec_lo_trace.render.header import verdict_line
from ipsec_lo_trace.render.minimal import minimal_lines
from ipsec_lo_trace.render.rows import ASCII, CHARACTERS, UNICODE, Glyphs
from ipsec_lo_trace.render.store import Source
from ipsec_lo_trace.render.styles import UNWRAPPED, Line, escaped
from ipsec_lo_trace.render.timeline import View, timeline

if TYPE_CHECKING:
    from rich.text import Text

    from ipsec_lo_trace.cli.choice import Choice

BLOCK_LINES = 256
"""Lines of a trace that are written at once: each write goes through a codec and two files."""


class TextChoice(msgspec.Struct, frozen=True):
    """How to show a trace as text."""

    width: int
    colour: bool
    detail: str
    show_bytes: str
    quiet: bool
    assumptions: bool
    glyphs: Glyphs
    chosen: Chosen | None = None
    dissect: Dissect | None = None

    @property
    def passes(self) -> int:
        """How often the text needs the rows: the ledger of a full one reads them again."""
        return 2 if self.detail == "full" and not self.quiet else 1


class TextArguments(Protocol):
    """The options that a command with a timeline has, as its arguments hold them."""

    @property
    def output(self) -> str:
        """-o."""

    @property
    def color(self) -> str | None:
        """--color."""

    @property
    def glyphs(self) -> str | None:
        """--glyphs."""

    @property
    def choice(self) -> Choice:
        """What chooses rows."""

    @property
    def detail(self) -> str | None:
        """--detail."""

    @property
    def show_bytes(self) -> str | None:
        """--bytes."""

    @property
    def quiet(self) -> bool:
        """-q."""

    @property
    def verbose(self) -> bool:
        """-v."""


def text_choice(arguments: TextArguments, dissect: Dissect | None = None) -> TextChoice:
    """Work out how to show a trace, from the options and where the text goes; layers need ``dissect``."""
    width, colour = look(arguments.output, arguments.color)
    return TextChoice(
        width=width,
        colour=colour,
        detail=arguments.detail or "summary",
        show_bytes=arguments.show_bytes or "none",
        quiet=arguments.quiet,
        assumptions=arguments.verbose,
        glyphs=glyphs(arguments.output, arguments.glyphs),
        chosen=arguments.choice.chosen,
        dissect=dissect,
    )


def _our_own(error: UnicodeError) -> tuple[str | bytes, int]:
    """Encode a view's own characters as UTF-8, and escape all others: they come from outside."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    # All that stands together at once: Python looks for its end again behind each answer.
    characters = error.object[error.start : error.end]
    return b"".join(map(_ours_or_escaped, characters)), error.end


def _ours_or_escaped(character: str) -> bytes:
    return character.encode() if character in CHARACTERS else character.encode("ascii", "backslashreplace")


codecs.register_error("ipsec-lo-trace", _our_own)


def text_stream(out: IO[bytes]) -> TextIO:
    """Return a text stream over ``out`` that has ASCII and our own signs, and never closes ``out``."""
    # A TextIOWrapper that cannot write closes what it wraps, and that may be standard output.
    ascii_ = codecs.lookup("ascii")
    return codecs.StreamReaderWriter(out, ascii_.streamreader, ascii_.streamwriter, "ipsec-lo-trace")


def write_text(trace: Source, choice: TextChoice, out: TextIO) -> None:
    """Write the trace's text, line by line."""
    if choice.detail == "minimal" and not choice.quiet:
        write_lines(map(escaped, minimal_lines(trace, choice.chosen)), out, colour=False)
        return
    lines, width = (
        ([verdict_line(trace.verdict)], UNWRAPPED)
        if choice.quiet
        else (text_lines(trace, choice), choice.width)
    )
    if choice.colour:
        write_lines((text for line in lines for text in line.wrap(width)), out, colour=True)
        return
    texts = (f"{text}\n" for line in lines for text in line.plain(width))
    while block := "".join(islice(texts, BLOCK_LINES)):
        out.write(block)


def laid_out(line: Line, choice: TextChoice) -> list[str]:
    """Lay one line out as it is written, line ends included."""
    if choice.colour:
        shown = _coloured()
        return [f"{shown(text)}\n" for text in line.wrap(choice.width)]
    return [f"{text}\n" for text in line.plain(choice.width)]


def write_lines(lines: Iterable[Text | str], out: TextIO, *, colour: bool) -> None:
    """Write lines, with their styles if colour is wanted; a str is our own words, and has none."""
    shown = _coloured() if colour else _plain
    for line in lines:  # noqa: FURB122 -- a codec's writelines would join them all first
        out.write((line if isinstance(line, str) else shown(line)) + "\n")


def _plain(line: Text) -> str:
    return escaped(line.plain)


def _coloured() -> Callable[[Text], str]:
    """Return what turns styles into ANSI sequences; rich's own printing flushes and guesses at each line."""
    from rich.color import ColorSystem  # noqa: PLC0415 -- dear, and plain text does without it
    from rich.console import Console  # noqa: PLC0415

    console = Console(file=io.StringIO(), _environ={})
    return lambda line: "".join(
        piece.style.render(text, color_system=ColorSystem.STANDARD) if piece.style else text
        for piece in line.render(console)
        for text in [escaped(piece.text)]
    )


def text_lines(trace: Source, choice: TextChoice) -> Iterator[Line]:
    """Yield the lines of a trace's text, not yet laid out."""
    view = View(
        width=choice.width,
        detail=choice.detail,
        show_bytes=choice.show_bytes,
        more=choice.assumptions,
        chosen=choice.chosen,
        dissect=choice.dissect,
        glyphs=choice.glyphs,
    )
    return timeline(trace, view)


def look(output: str, choice: str | None) -> tuple[int, bool]:
    """Return the width, and whether to colour, for text to ``output`` ("-" is standard output)."""
    terminal = is_terminal(output)
    colour = wants_colour(choice or "auto", os.environ, is_terminal=terminal)
    return columns(os.environ, sys.stdout if terminal else None), colour


def is_terminal(output: str) -> bool:
    """Tell whether text to ``output`` goes to a terminal."""
    stdout: TextIO | None = getattr(sys, "stdout", None)  # None if it is closed
    return output == STDOUT and stdout is not None and stdout.isatty()


def glyphs(output: str, choice: str | None) -> Glyphs:
    """Return the characters to draw with: --glyphs, else those that the stream can take."""
    stdout: TextIO | None = getattr(sys, "stdout", None)
    encoding = (getattr(stdout, "encoding", None) or "") if output == STDOUT else "utf-8"
    environment = {} if output != STDOUT or os.name != "posix" else os.environ
    return UNICODE if wants_unicode(choice, environment, encoding=encoding) else ASCII


def wants_unicode(choice: str | None, environment: Mapping[str, str], *, encoding: str) -> bool:
    """Decide from --glyphs (unicode or ascii), the environment, and the stream's encoding.

    A file of our own is UTF-8 always, and gets no environment.  Python takes UTF-8 for the C locale, in which
    nothing else on the terminal does.
    """
    if choice is not None:
        return choice == "unicode"
    if codecs.lookup(encoding or "ascii").name != "utf-8":
        return False
    names = ("LC_ALL", "LC_CTYPE", "LANG")
    usual = "C" if environment else "UTF-8"
    locale = next((environment[name] for name in names if environment.get(name)), usual)
    return "utf8" in locale.lower().replace("-", "") and environment.get("TERM") != "dumb"


def wants_colour(choice: str, environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Decide about colour from --color (auto, always or never), the environment, and the stream."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(_is_set(environment.get(name, "")) for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return environment.get("TERM") != "dumb" and is_terminal


def _is_set(value: str) -> bool:
    return value.lower() not in ("", "0", "false")


def write_page(path: str, color: str | None, lines: Callable[[int], Iterable[Text]]) -> None:
    """Write the lines that ``lines`` gives for a width in columns; ``color`` is what --color says."""
    width, colour = look(path, color)
    text = list(lines(width))
    with output(path) as out:
        write_lines(text, text_stream(out), colour=colour)
