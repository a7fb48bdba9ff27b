"""Lines of styled text, wrapped to a width; nothing is ever cut."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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


UNWRAPPED = sys.maxsize
"""A width, in columns, that no text reaches: for what must be one line."""
CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
"""A stored trace, or a file's name, cannot steer the terminal that shows it."""


def escaped(text: str) -> str:
    """Return a text with its control characters in hexadecimal."""
    return text if text.isprintable() else text.translate(CONTROL)


def outcome_style(outcome: str) -> str:
    """Return the style of an outcome word."""
    return OUTCOME_STYLES.get(outcome, "bad")


class Word(NamedTuple):
    """A piece of a line; if it begins with a row's number, ``row`` is that row, for views that link it."""

    text: str
    style: str
    row: int = 0


_BREAK = "\n"
"""Stands between words until their line is laid out."""


class Line:
    """One logical line: words with styles, laid out with a hanging indent."""

    def __init__(
        self,
        lead: str | Sequence[tuple[str, str]] = "",
        *,
        hang: int | None = None,
        style: str = "",
        gap: str = " ",
        fill: str = "",
    ) -> None:
        """Begin with ``lead``, which stays as it is; continuation lines are indented by ``hang`` columns.

        A lead of several pieces has a style for each.  ``gap`` stands between words; a line without gaps is
        never broken.  ``fill``, a character, goes on behind the last word to the end of the line.

        A line that ``is_row`` is a row of a timeline.
        """
        self._leads = [(lead, style)] if isinstance(lead, str) else lead
        self._lead = "".join(text for text, _style in self._leads)
        self._hang = len(self._lead) if hang is None else hang
        self._gap = gap
        self._fill = fill
        self._pieces: list[str] = []
        self._looks: list[tuple[str, int]] = []
        self.is_row = False

    def say(self, text: str, style: str = "") -> Line:
        """Add words."""
        words = text.split()
        if words:
            self._pieces.append(_BREAK.join(words))
            self._looks.append((style, 0))
        return self

    def glue(self, text: str, style: str = "", row: int = 0) -> Line:
        """Add a piece that is broken at its spaces only if no line could hold it."""
        self._pieces.append(text.replace(_BREAK, CONTROL[ord(_BREAK)]))
        self._looks.append((style, row))
        return self

    def refer(self, rows: Iterable[int], *, before: str = "", after: str = "", style: str = "") -> Line:
        """Add "row" and the numbers of rows, with what stands before and after them without a space."""
        *others, last = rows
        self.glue(f"{before}row", style)
        for row in others:
            self.glue(f"{row},", style, row)
        return self.glue(f"{last}{after}", style, last)

    @property
    def lead(self) -> str:
        """What the line begins with, without the space around it."""
        return self._lead.strip()

    @property
    def words(self) -> list[Word]:
        """The words, and the pieces that are one."""
        return self._words(self._pieces)

    def plain(self, width: int) -> list[str]:
        """Lay the words out without styles: the same text as ``wrap``, for a tenth of the cost."""
        first, *others = self._lines(width)
        gap = self._gap
        texts = [escaped((self._lead + first.replace(_BREAK, gap)).rstrip())]
        if others:
            indent = " " * self._indent(width)
            texts += [escaped((indent + line.replace(_BREAK, gap)).rstrip()) for line in others]
        if self._fill:
            texts[-1] += self._filling(texts[-1], width)
        return texts

    def wrap(self, width: int) -> list[Text]:
        """Lay the words out in lines of at most ``width`` columns, unless one word is longer than that."""
        words = iter(self._words(_apart(self._pieces, width - self._indent(width))))
        leads = self._leads
        texts = []
        for line in self._lines(width):
            texts.append(self._styled(leads, islice(words, line.count(_BREAK) + 1 if line else 0)))
            leads = [(" " * self._indent(width), "")]
        if self._fill:
            texts[-1].append(self._filling(texts[-1].plain, width), style=STYLES.get(self._leads[0][1], ""))
        return texts

    def _filling(self, text: str, width: int) -> str:
        room = width - len(text) - 1
        return f" {self._fill * room}" if room > 0 else ""

    def _styled(self, leads: Iterable[tuple[str, str]], words: Iterable[Word]) -> Text:
        from rich.text import Text  # noqa: PLC0415 -- dear, and plain text does without it

        text = Text()
        for lead, style in leads:
            text.append(escaped(lead), style=STYLES.get(style, ""))
        gap = ""
        for word in words:
            text.append(gap).append(escaped(word.text), style=STYLES.get(word.style, ""))
            gap = self._gap
        text.rstrip()
        return text

    def _indent(self, width: int) -> int:
        return min(self._hang, width // 3)

    def _words(self, pieces: list[str]) -> list[Word]:
        return [
            Word(word, style, row)
            for piece, (style, row) in zip(pieces, self._looks, strict=True)
            for word in piece.split(_BREAK)
        ]

    def _lines(self, width: int) -> Sequence[str]:
        """Break the words into lines, with what stands before neither; "" where the lead stands alone."""
        if not self._gap:
            return [_BREAK.join(self._pieces)]
        return _broken(tuple(self._pieces), len(self._lead), self._indent(width), width)


def _apart(pieces: Iterable[str], room: int) -> list[str]:
    """Take those pieces apart that no line could hold."""
    return [piece if len(piece) <= room else _BREAK.join(piece.split()) for piece in pieces]


@lru_cache(maxsize=1024)
def _broken(pieces: tuple[str, ...], lead: int, hang: int, width: int) -> tuple[str, ...]:
    """Break pieces into lines behind a lead of so many columns; a long run's rows say the same again."""
    text = _BREAK.join(_apart(pieces, width - hang))
    left, at = width - lead, 0
    lines: list[str] = []
    while len(text) - at > max(left, 0):
        end = text.rfind(_BREAK, at, at + max(left + 1, 0))
        if end < 0 and not lines and lead > hang:
            lines.append("")
        else:
            end = end if end >= 0 else text.find(_BREAK, at)
            if end < 0:
                break
            lines.append(text[at:end])
            at = end + 1
        left = width - hang
    return (*lines, text[at:])
