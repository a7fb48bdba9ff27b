"""The tokens of a text, one ahead."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.words import COMMANDS, nearest


class Stream:
    """Tokens to take one after the other, with a look at the next."""

    def __init__(self, tokens: Iterator[Token]) -> None:
        """Take tokens that end with ``Kind.END``."""
        self._tokens = tokens
        self.peek = next(tokens)

    def ended(self) -> bool:
        """Tell whether only the end is left."""
        return self.peek.kind is Kind.END

    def take(self) -> Token:
        """Take the next token; the end is never passed."""
        token = self.peek
        if not self.ended():
            self.peek = next(self._tokens)
        return token

    def accept(self, text: str) -> Token | None:
        """Take the next token if it is this flag, mark or word."""
        return self.take() if self.peek.is_(text) else None

    def expect(self, text: str, hint: str = "") -> Token:
        """Take this flag, mark or word; UserError if something else comes."""
        if not self.peek.is_(text):
            raise self.unexpected(text, hint)
        return self.take()

    def word(self, known: tuple[str, ...], what: str) -> Token:
        """Take one of the known words; UserError, with the nearest, for another token."""
        if self.peek.kind is Kind.WORD and self.peek.text in known:
            return self.take()
        raise self.unexpected(what, nearest(self.peek.text, known))

    def unexpected(self, what: str, hint: str = "") -> UserError:
        """Make the error for a next token that is not what should come."""
        if self.peek.text in COMMANDS and not self.ended():
            hint = "is the ; of the command before it missing?"
        return self.peek.fault(f"{self.peek} where {what} should be", hint)
