"""The text as lines of words, and the lines as entries: each SA and each policy begins with ``src``."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.tokens import Kind, Token

_WORD = re.compile(r"\S+")
_KEY = re.compile(r"0x[0-9A-Fa-f]{9,}")
"""More digits than a number of 32 bits has."""
_FIRST_LINE = re.compile(r"src\s+\S+\s+dst\s+\S+")


class Entry(msgspec.Struct, frozen=True):
    """One SA or policy: the words of the line that names it, and of those below, none of them empty."""

    head: list[Token]
    lines: list[list[Token]]


def is_xfrm(text: str) -> bool:
    """Tell whether a configuration is the output of ip xfrm: its first line begins with ``src``."""
    for line in text.split("\n"):
        if not _is_blank(line):
            return _FIRST_LINE.match(line.strip()) is not None
    return False


def entries(text: str, file: str) -> Iterator[Entry]:
    """Yield each entry; UserError for what stands before the first."""
    entry: Entry | None = None
    for words in _lines(text, file):
        if words[0].text == "src":
            if entry is not None:
                yield entry
            entry = Entry(words, [])
        elif entry is None:
            raise _stray(words[0])
        else:
            entry.lines.append(words)
    if entry is not None:
        yield entry


def _stray(word: Token) -> UserError:
    return word.fault(f"{word} where an SA or a policy should begin", "such as src 10.0.0.1 dst 10.0.0.2")


def _lines(text: str, file: str) -> Iterator[list[Token]]:
    for number, line in enumerate(text.split("\n"), 1):
        if _is_blank(line):
            continue
        column = 1
        # With -o a backslash stands for each end of line.
        for piece in line.split("\\"):
            words = [
                Token(_kind(found.group()), found.group(), file, number, column + found.start())
                for found in _WORD.finditer(piece)
            ]
            if words:
                yield words
            column += len(piece) + 1


def _is_blank(line: str) -> bool:
    """Tell whether a line is empty, or a comment, which a pasted root prompt is too."""
    return not line.strip() or line.lstrip().startswith("#")


def _kind(word: str) -> Kind:
    return Kind.KEY if _KEY.fullmatch(word) else Kind.WORD
