"""The text as entries: each SA and each policy is a line that begins with ``src`` and the lines below it."""

from __future__ import annotations

import re

import msgspec

from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.xfrm.shapes import Shape, is_joined, quoted_len, shape
from ipsec_lo_trace.xfrm.words import CONTEXTS, OF_POLICIES, OF_SAS, begins_a_line, is_entry_line

_WORD = re.compile(r"\S+")
_KEY = re.compile(r"0x[0-9A-Fa-f]{9,}|[0-9A-Fa-f]{11,}")
"""More digits than a number of 32 bits has."""
Words = list[Token]
TORN = "lines of another SA or policy follow, whose first line is not there"
_DIRECTED = frozenset(("dir", "socket"))
_DIR_LEN = 2
"""How many words an SA has in its line with a direction; a policy has more."""


class Entry(msgspec.Struct):
    """One SA or policy: the words of the line that names it, and of those below, none of them empty.

    ``head`` is empty where that line cannot be read.  ``gaps`` are what stands where lines are missing.
    ``is_torn`` says that the next line belongs to another entry, whose first line is not there.
    """

    head: Words
    lines: list[Words]
    gaps: list[Words] = msgspec.field(default_factory=list)
    is_torn: bool = False

    @property
    def at(self) -> Token:
        """Return where it begins."""
        return (self.head or self.lines[0])[0]

    @property
    def is_policy(self) -> bool:
        """Tell a policy from an SA: its addresses have prefixes, and it has templates."""
        firsts = {words[0].text for words in self.lines}
        if not self.head and not firsts & OF_POLICIES:
            named = [word.text for words in self.lines for word in words if words[0].text == "proto"]
            return not firsts & (OF_SAS | CONTEXTS) and "spi" not in named
        # A newer iproute2 has a line for an SA's direction too.
        return (
            any("/" in word.text for word in self.head)
            or bool(firsts & {"socket", "tmpl"})
            or ("dir" in firsts and "proto" not in firsts)
        )

    @property
    def is_template(self) -> bool:
        """Tell a template that has lost its first word: it looks like an SA, without any line of one."""
        if not self.lines or any("/" in word.text for word in self.head):
            return False
        firsts = [words[0].text for words in self.lines]
        return firsts[0] == "proto" and not OF_SAS.intersection(firsts)

    def takes(self, words: Words) -> bool:
        """Tell whether a line can be one of this entry."""
        first, firsts = words[0].text, {words[0].text for words in self.lines}
        if self.is_policy:
            return first not in OF_SAS and not (first in _DIRECTED and firsts & _DIRECTED)
        if first == "dir" and firsts:
            return len(words) == _DIR_LEN and "dir" not in firsts
        return not firsts or (first not in OF_POLICIES and not (first == "proto" and "proto" in firsts))


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
        if kind is Shape.BLANK:
            sorter.pass_blank()
        elif kind in (Shape.ENTRY, Shape.LINE) or is_joined(line):
            for count, words in enumerate(_pieces(line, file, number)):
                # With -o a line of an entry has no beginning to tell it by.
                joined = "\\" in line and (count > 0 or kind in (Shape.ENTRY, Shape.LINE))
                indented = joined or line[0] in " \t"
                sorter.take(_piece_shape(words), words, indented=indented)
        else:
            words = _words(line, file, number, quoted_len(line), len(line))
            sorter.take(kind, words, indented=line[0] in " \t")
    sorter.close()
    return sorter.printed


class _Sorter:
    """Gives each line to the entry that it belongs to.

    A line that is not known may be one of the entry above, or another command's output.  Further out than the
    entry's other lines, or behind a prompt or heading, that is open (``_between``) until a line that is known
    goes on with the entry, or another one begins.  So it is with what stands for missing lines
    (``_missing``), behind a prompt, a heading or a blank line.
    """

    def __init__(self) -> None:
        self.printed = Printed()
        self._entry: Entry | None = None
        self._between: list[Words] = []
        self._missing: list[Words] = []
        self._apart = False
        self._blank = False
        self._indented = False
        self._away = False
        self._aside = False

    def take(self, kind: Shape, words: Words, *, indented: bool) -> None:
        """Take the next line."""
        if kind in (Shape.ENTRY, Shape.AWAY):
            self.close()
            self._away = kind is Shape.AWAY
        if kind is Shape.ENTRY:
            self._entry = Entry(words, [])
        elif kind is Shape.LINE and (self._entry is not None or self._begins_without_head(words)):
            self._go_on(words, indented=indented)
        elif kind in (Shape.LINE, Shape.AWAY, Shape.OTHER):
            outside = self._apart or self._between or indented < self._indented
            (self._between if outside or self._entry is None else self._entry.lines).append(words)
        else:
            self._take_aside(kind, words, indented=indented)

    def pass_blank(self) -> None:
        """Pass an empty line."""
        self._blank = True

    def _begins_without_head(self, words: Words) -> bool:
        """Tell whether a line that belongs to no entry is one of an entry whose first line is not there."""
        return not self._away and is_entry_line(" ".join(word.text for word in words))

    def _go_on(self, words: Words, *, indented: bool) -> None:
        """Take a line of the entry, or of one whose first line is not there."""
        if self._entry is None or not self._entry.takes(words):
            if self._entry is not None:
                self._entry.is_torn = not (self._between or self._apart)
            self._between.clear()
            self.close()
            self._entry = Entry([], [])
        self._entry.lines.extend([*self._between, words])
        self._entry.gaps += self._missing
        self._between.clear()
        self._missing.clear()
        self._apart = self._blank = self._aside = False
        self._indented = indented

    def _take_aside(self, kind: Shape, words: Words, *, indented: bool) -> None:
        if kind is Shape.DEFAULT:
            self.printed.defaults.append(words)
        elif kind is Shape.COUNT:
            self.printed.notes.append(str(words[0].fault("a count, not what is counted: left out")))
        inside = self._entry is not None and not self._apart and not self._blank and not self._between
        within = kind is Shape.ASIDE and inside and indented and self._indented
        if (kind is Shape.GAP and not self._aside) or within:
            (self._entry.gaps if self._entry is not None and inside else self._missing).append(words)
            return
        self._apart = True
        self._aside = kind is Shape.HEAD_ASIDE or (kind is Shape.GAP and self._aside)

    def close(self) -> None:
        """End the entry; what stood behind it belongs to none."""
        entries = self.printed.entries
        if self._entry is not None and self._entry.is_template and entries and entries[-1].is_policy:
            entries[-1].gaps.append(self._entry.head or self._entry.lines[0])
        elif self._entry is not None:
            entries.append(self._entry)
        if self._between:
            count = len(self._between)
            what = "a line that belongs" if count == 1 else f"{count} lines that belong"
            fault = self._between[0][0].fault(f"{what} to no SA and no policy: left out")
            self.printed.notes.append(str(fault))
        self._entry = None
        self._between.clear()
        self._missing.clear()
        self._apart = self._blank = self._indented = self._away = self._aside = False


def _pieces(line: str, file: str, number: int) -> list[Words]:
    """Cut a line where -o has a backslash for each end of line."""
    start = quoted_len(line)
    pieces = []
    for piece in line[start:].split("\\"):
        pieces.append(_words(line, file, number, start, start + len(piece)))
        start += len(piece) + 1
    return [words for words in pieces if words]


def _piece_shape(words: Words) -> Shape:
    first = words[0].text
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
