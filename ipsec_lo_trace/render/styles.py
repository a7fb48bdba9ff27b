"""Lines of styled text, wrapped to a width; nothing is ever cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.text import Text

STYLES = {
    "add": "green",
    "remove": "dim",
    "stale": "bold red",
    "keep": "",
    "heading": "bold",
    "number": "dim",
    "quiet": "dim",
    "pointer": "bold magenta",
    "clean": "bold green",
    "stale-outcome": "bold yellow",
    "bad": "bold red",
}
"""Colour only repeats what signs and words say."""

OUTCOME_STYLES = {"clean": "clean", "stale": "stale-outcome"}


def outcome_style(outcome: str) -> str:
    """Return the style of an outcome word."""
    return OUTCOME_STYLES.get(outcome, "bad")


class Word(NamedTuple):
    """A piece of a line; if it begins with a row's number, ``row`` is that row, for views that link it."""

    text: str
    style: str
    row: int = 0


class Line:
    """One logical line: words with styles, laid out with a hanging indent."""

    def __init__(self, lead: str = "", *, hang: int | None = None, style: str = "") -> None:
        """Begin with ``lead``, which stays as it is; continuation lines are indented by ``hang`` columns."""
        self._lead = lead
        self._hang = len(lead) if hang is None else hang
        self._lead_style = style
        self.words: list[Word] = []

    def say(self, text: str, style: str = "") -> Line:
        """Add words."""
        self.words += [Word(word, style) for word in text.split()]
        return self

    def glue(self, text: str, style: str = "") -> Line:
        """Add a piece that is broken at its spaces only if no line could hold it."""
        self.words.append(Word(text, style))
        return self

    def refer(self, rows: Iterable[int], *, before: str = "", after: str = "", style: str = "") -> Line:
        """Add "row" and the numbers of rows, with what stands before and after them without a space."""
        *others, last = rows
        self.words.append(Word(f"{before}row", style))
        self.words += [Word(f"{row},", style, row) for row in others]
        self.words.append(Word(f"{last}{after}", style, last))
        return self

    @property
    def lead(self) -> str:
        """What the line begins with, without the space around it."""
        return self._lead.strip()

    def _pieces(self, width: int) -> Iterator[tuple[str, str]]:
        for piece, style, _row in self.words:
            yield from ((word, style) for word in ([piece] if len(piece) <= width else piece.split()))

    def wrap(self, width: int) -> list[Text]:
        """Lay the words out in lines of at most ``width`` columns, unless one word is longer than that."""
        hang = min(self._hang, width // 3)
        lines = [Text(self._lead, style=STYLES.get(self._lead_style, ""))]
        blank = True
        for word, style in self._pieces(width - hang):
            if (not blank and len(lines[-1]) + 1 + len(word) > width) or len(lines[-1]) > width:
                lines.append(Text(" " * hang))
                blank = True
            elif blank and len(lines) == 1 and len(lines[0]) + len(word) > width and len(lines[0]) > hang:
                lines.append(Text(" " * hang))
            gap = "" if blank else " "
            lines[-1].append(gap)
            lines[-1].append(word, style=STYLES.get(style, ""))
            blank = False
        for line in lines:
            line.rstrip()
        return lines
