"""Cut a setkey(8) text into tokens.

Source: sbin/setkey/token.l of 2003 (KAME's 1.43): the longest match wins, which one pattern gives as well,
since its alternatives begin with different characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.tokens import Kind, Scanner, Token

_TEXT = re.compile(
    r"""
      (?P<skip>    [ \t\n]+ | \#[^\n]* )
    | (?P<quoted>  "[^"]*" )
    | (?P<flag>    - (?: lh | ls | [n46]+ | [ACEPRfmru] ) )
    | (?P<mark>    [;/\[\]] )
    | (?P<word>    [A-Za-z0-9:] [A-Za-z0-9:%.\-]* )
    """,
    re.VERBOSE,
)
_AFTER_P = re.compile(r"(?P<policy>[A-Za-z0-9:.\-_/ \t\n][A-Za-z0-9:.%\-_/ \t\n]*)")
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


def lex(text: str, file: str) -> Iterator[Token]:
    """Yield the tokens, a ``Kind.END`` last; UserError at a character that begins none.

    From -P to the next semicolon the text is a policy, kept in one piece as far as its characters go.
    """
    scanner = Scanner(text, file)
    in_policy = False
    while not scanner.done:
        try:
            token = _policy(scanner) if in_policy else None
            token = token or scanner.match(_TEXT, _KINDS)
        except ValueError as error:
            raise _stray(scanner, str(error)) from None
        if token is None:
            continue
        in_policy = token.is_("-P") or (in_policy and not token.is_(";"))
        yield _classified(token)
    yield scanner.token(Kind.END, "")


def _policy(scanner: Scanner) -> Token | None:
    try:
        return scanner.match(_AFTER_P, _KINDS)
    except ValueError:
        return None


def _classified(token: Token) -> Token:
    if token.kind is not Kind.WORD:
        return token
    if _DECIMAL.fullmatch(token.text):
        return Token(Kind.DECIMAL, token.text, token.file, token.line, token.column)
    if _HEX.fullmatch(token.text):
        return Token(Kind.HEX, token.text, token.file, token.line, token.column)
    return token


def _stray(scanner: Scanner, character: str) -> UserError:
    """Say what is wrong with a character that begins no token."""
    token = scanner.token(Kind.MARK, character)
    if character == '"':
        return token.fault("this quoted key is never closed", 'put a " behind its last character')
    if character == "\r":
        return token.fault("a carriage return", "save the file with Unix line ends")
    if character == "\ufeff":
        return token.fault("a byte order mark", "save the file as UTF-8 without one")
    if character == "-":
        return token.fault("a - that begins no option", "see setkey(8) for the options")
    return token.fault(f"a stray {character!a}")
