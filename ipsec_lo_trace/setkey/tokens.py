"""Tokens of a setkey(8) text, each knowing where it stands."""

from __future__ import annotations

import enum
import re

import msgspec

from ipsec_lo_trace.model.errors import UserError

SHOWN_LEN = 40
"""How many characters of a token a message shows."""


class Kind(enum.Enum):
    """What a token is by its looks; what a word means is the parser's to say."""

    WORD = enum.auto()
    DECIMAL = enum.auto()
    HEX = enum.auto()
    QUOTED = enum.auto()
    FLAG = enum.auto()
    MARK = enum.auto()
    KEY = enum.auto()
    POLICY = enum.auto()
    END = enum.auto()


class Token(msgspec.Struct, frozen=True):
    """A piece of text; ``line`` and ``column`` count from 1, columns in characters.

    As a string it is fit for a message, which a key never is.
    """

    kind: Kind
    text: str
    file: str
    line: int
    column: int

    def is_(self, text: str) -> bool:
        """Tell whether this is the given flag, mark or word."""
        return self.text == text and self.kind in (Kind.FLAG, Kind.MARK, Kind.WORD)

    def fault(self, reason: str, hint: str = "") -> UserError:
        """Make the error that points here."""
        return UserError(
            reason, file=self.file, line=self.line, column=self.column, token=str(self), hint=hint
        )

    def note(self, text: str) -> str:
        """Make a note that points at this line."""
        return f"{self.file}:{self.line}: {text}"

    def __str__(self) -> str:
        if self.kind is Kind.END:
            return "the end"
        if self.kind is Kind.QUOTED:
            return '"..."'
        return "0x..." if self.kind is Kind.KEY else shown(self.text)


def shown(text: str) -> str:
    """Make a text fit for a message: short, printable, ASCII."""
    cut = text if len(text) <= SHOWN_LEN else f"{text[:SHOWN_LEN]}..."
    return cut if cut.isascii() and cut.isprintable() else ascii(cut)[1:-1]


class Scanner:
    """A text and how far it has been read."""

    def __init__(self, text: str, file: str, line: int = 1, column: int = 1) -> None:
        """Begin at the text's start, which stands at this line and column of the file."""
        self._text = text
        self._file = file
        self._offset = 0
        self._line = line
        self._line_start = 1 - column

    @property
    def done(self) -> bool:
        """Tell whether nothing is left."""
        return self._offset == len(self._text)

    def match(self, pattern: re.Pattern[str], kinds: dict[str, Kind | None]) -> Token | None:
        """Take what the pattern's groups match here; None if none does, or for what is no token.

        ``kinds`` gives the kind of each named group, None for white space and comments.  ValueError if the
        pattern does not match.
        """
        found = pattern.match(self._text, self._offset)
        if found is None or found.lastgroup is None:
            raise ValueError(self._text[self._offset])
        kind = kinds[found.lastgroup]
        token = None if kind is None else self.token(kind, found.group())
        self._pass(found.group())
        return token

    def look(self, pattern: re.Pattern[str]) -> str:
        """Return what a pattern matches here, "" if nothing; nothing is taken."""
        found = pattern.match(self._text, self._offset)
        return found.group() if found else ""

    def ahead(self, character: str) -> Token | None:
        """Return the next of these characters, None if there is none; nothing is taken."""
        offset = self._text.find(character, self._offset)
        if offset < 0:
            return None
        line_start = max(self._text.rfind("\n", self._offset, offset) + 1, self._line_start)
        line = self._line + self._text.count("\n", self._offset, offset)
        return Token(Kind.MARK, character, self._file, line, offset - line_start + 1)

    def token(self, kind: Kind, text: str) -> Token:
        """Make a token of a text that begins here."""
        return Token(kind, text, self._file, self._line, self._offset - self._line_start + 1)

    def _pass(self, text: str) -> None:
        newlines = text.count("\n")
        if newlines:
            self._line += newlines
            self._line_start = self._offset + text.rindex("\n") + 1
        self._offset += len(text)
