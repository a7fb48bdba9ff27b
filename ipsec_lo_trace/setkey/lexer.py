"""Cut a setkey(8) text into tokens, and look at them one ahead.

Source: sbin/setkey/token.l of 2003 (KAME's 1.43): the longest match wins, which one pattern gives as well:
its alternatives begin with different characters, or the longer one stands first.  There . is any byte but a
line end, so that a comment may have any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.hints import later_option, nearest, stray
from ipsec_lo_trace.setkey.tokens import Kind, Scanner, Token
from ipsec_lo_trace.setkey.words import COMMANDS, LATER_OPTIONS, OF_2003, OF_TODAY, Dialect

_TEXT = r"""
      (?P<skip>    [ \t\n]+ | \#[^\n]* )
    | (?P<quoted>  "[^"]*" )
    | (?P<flag>    - (?: OPTIONS ) )
    | (?P<mark>    [;/\[\]] )
    | (?P<word>    [0-9]*,[0-9,]* | [A-Za-z0-9:] [A-Za-z0-9:%.\-]* )
    """
_PATTERNS = {
    options: re.compile(_TEXT.replace("OPTIONS", options), re.VERBOSE)
    for options in (OF_2003.options, OF_TODAY.options)
}
_AFTER_P = re.compile(r"(?P<policy>[^;#]+)")
_LATER = re.compile(rf"(?:{'|'.join(sorted(LATER_OPTIONS, reverse=True))})(?![A-Za-z0-9_.])")
_KINDS = {
    "skip": None,
    "quoted": Kind.QUOTED,
    "flag": Kind.FLAG,
    "mark": Kind.MARK,
    "word": Kind.WORD,
    "policy": Kind.POLICY,
}
_DECIMAL = re.compile(r"[0-9]+")
_HEX = re.compile(r"0[xX][0-9A-Fa-f]+")


def lex(text: str, file: str, dialect: Dialect) -> Iterator[Token]:
    """Yield the tokens, a ``Kind.END`` last; UserError at a character that begins none.

    From -P to the next semicolon or comment the text is a policy, kept in one piece.
    """
    scanner = Scanner(text, file)
    pattern = _PATTERNS[dialect.options]
    in_policy = False
    while not scanner.done:
        option = "" if in_policy or dialect.later else scanner.look(_LATER)
        if option:
            raise later_option(scanner.token(Kind.FLAG, option))
        try:
            token = _policy(scanner) if in_policy else None
            token = token or scanner.match(pattern, _KINDS)
        except ValueError as error:
            raise _stray(scanner, str(error)) from None
        if token is None:
            continue
        if "\0" in token.text and token.kind is Kind.QUOTED:
            raise token.fault(
                "a NUL byte in a key, where setkey(8) copies no further", "write the key as 0x..."
            )
        in_policy = token.is_("-P") or (in_policy and not token.is_(";"))
        yield _classified(token)
    yield scanner.token(Kind.END, "")


def _policy(scanner: Scanner) -> Token | None:
    try:
        return scanner.match(_AFTER_P, _KINDS)
    except ValueError:
        return None


def _stray(scanner: Scanner, character: str) -> UserError:
    """Say what is wrong with a character that begins no token."""
    nul = None if character.isprintable() else scanner.ahead("\0")
    return stray(nul or scanner.token(Kind.MARK, character))


def _classified(token: Token) -> Token:
    if token.kind is not Kind.WORD:
        return token
    if _DECIMAL.fullmatch(token.text):
        return Token(Kind.DECIMAL, token.text, token.file, token.line, token.column)
    if _HEX.fullmatch(token.text):
        return Token(Kind.HEX, token.text, token.file, token.line, token.column)
    return token


class Stream:
    """Tokens to take one after the other, with a look at the next."""

    def __init__(self, tokens: Iterator[Token], dialect: Dialect) -> None:
        """Take tokens that end with ``Kind.END``, and the words that are known."""
        self.dialect = dialect
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
