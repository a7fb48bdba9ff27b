"""The text as entries: each SA and each policy is a line that begins with ``src`` and the lines below it."""

from __future__ import annotations

import re

import msgspec

from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.xfrm.shapes import Shape, quoted_len, shape
from ipsec_lo_trace.xfrm.words import begins_a_line

_WORD = re.compile(r"\S+")
_KEY = re.compile(r"0x[0-9A-Fa-f]{9,}|[0-9A-Fa-f]{11,}")
"""More digits than a number of 32 bits has."""
Words = list[Token]


class Entry(msgspec.Struct, frozen=True):
    """One SA or policy: the words of the line that names it, and of those below, none of them empty."""

    head: Words
    lines: list[Words]


class Printed(msgspec.Struct):
    """What is in a text: entries, lines of ``ip xfrm policy getdefault``, and notes of what was left out."""

    entries: list[Entry] = msgspec.field(default_factory=list)
    defaults: list[Words] = msgspec.field(default_factory=list)
    notes: list[str] = msgspec.field(default_factory=list)


def printed(text: str, file: str) -> Printed:
    """Take a text apart; ``file`` is its name for messages."""
    sorter = _Sorter()
    for number, line in enumerate(text.split("\n"), 1):
        kind = shape(line)
        if kind in (Shape.ENTRY, Shape.LINE):
            for words in _pieces(line, file, number):
                # With -o a line of an entry has no beginning to tell it by.
                sorter.take(_piece_shape(words[0].text), words, indented=line[0] in " \t" or "\\" in line)
        elif kind is not Shape.BLANK:
            words = _words(line, file, number, quoted_len(line), len(line))
            sorter.take(kind, words, indented=line[0] in " \t")
    sorter.close()
    return sorter.printed


class _Sorter:
    """Gives each line to the entry that it belongs to.

    A line that is not known may be one of the entry above, or another command's output.  Further out than the
    entry's other lines, or behind a prompt or heading, that is open (``_between``) until a line that is known
    goes on with the entry, or another one begins.
    """

    def __init__(self) -> None:
        self.printed = Printed()
        self._entry: Entry | None = None
        self._between: list[Words] = []
        self._apart = False
        self._indented = False

    def take(self, kind: Shape, words: Words, *, indented: bool) -> None:
        """Take the next line."""
        if kind in (Shape.ENTRY, Shape.AWAY):
            self.close()
        if kind is Shape.ENTRY:
            self._entry = Entry(words, [])
        elif kind is Shape.LINE and self._entry is not None:
            self._entry.lines.extend([*self._between, words])
            self._between.clear()
            self._apart, self._indented = False, indented
        elif kind in (Shape.LINE, Shape.AWAY, Shape.OTHER):
            outside = self._apart or self._between or indented < self._indented
            (self._between if outside or self._entry is None else self._entry.lines).append(words)
        else:
            self._apart = True
            self._take_aside(kind, words)

    def _take_aside(self, kind: Shape, words: Words) -> None:
        if kind is Shape.DEFAULT:
            self.printed.defaults.append(words)
        elif kind is Shape.COUNT:
            self.printed.notes.append(str(words[0].fault("a count, not what is counted: left out")))

    def close(self) -> None:
        """End the entry; what stood behind it belongs to none."""
        if self._entry is not None:
            self.printed.entries.append(self._entry)
        if self._between:
            count = len(self._between)
            what = "a line that belongs" if count == 1 else f"{count} lines that belong"
            fault = self._between[0][0].fault(f"{what} to no SA and no policy: left out")
            self.printed.notes.append(str(fault))
        self._entry = None
        self._between.clear()
        self._apart = self._indented = False


def _pieces(line: str, file: str, number: int) -> list[Words]:
    """Cut a line where -o has a backslash for each end of line."""
    start = quoted_len(line)
    pieces = []
    for piece in line[start:].split("\\"):
        pieces.append(_words(line, file, number, start, start + len(piece)))
        start += len(piece) + 1
    return [words for words in pieces if words]


def _piece_shape(first: str) -> Shape:
    if first == "src":
        return Shape.ENTRY
    return Shape.LINE if begins_a_line(first) else Shape.OTHER


def _words(line: str, file: str, number: int, start: int, end: int) -> Words:
    """Cut what stands from one offset to another into words."""
    return [
        Token(_kind(found.group()), found.group(), file, number, found.start() + 1)
        for found in _WORD.finditer(line, start, end)
    ]


def _kind(word: str) -> Kind:
    return Kind.KEY if _KEY.fullmatch(word) else Kind.WORD
