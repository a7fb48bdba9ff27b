"""What a TOML text must keep within before a parser sees it.

tomllib takes memory and time in the square of a key's parts, a number of any length, and a call for each
bracket.  Strings and comments may hold whatever they like.  Source: TOML 1.0.0.
"""

from __future__ import annotations

import re

from ipsec_lo_trace.model.errors import UserError

MAX_LEN = 1 << 20
"""How many characters a TOML text may have."""
MAX_WORD_LEN = 128
"""How many characters a number or a bare key may have."""
MAX_DOTS = 32
"""How many dots may stand in a line, outside its strings."""
MAX_DEPTH = 32
"""How many brackets and braces may be open at once."""
_TOKEN = re.compile(r"#[^\n]*|\"\"\"|'''|[\"'\n.\[\]{}]|[\w+-]+")
_ENDS = {
    '"""': re.compile(r'\\.|"{3,5}', re.DOTALL),
    "'''": re.compile("'{3,5}"),
    '"': re.compile(r'\\.|["\n]'),
    "'": re.compile(r"['\n]"),
}
"""What ends a string, or is to be passed over in it; up to two quotes may stand before three that close."""
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}


def check_limits(text: str, file: str) -> None:
    """Refuse a text that is beyond a limit: UserError with its place.  The time is linear in its length."""
    if len(text) > MAX_LEN:
        raise UserError(f"larger than {MAX_LEN} characters, so it is not read", file=file)
    at = dots = depth = 0
    while token := _TOKEN.search(text, at):
        word, at = token[0], token.end()
        if word in _ENDS:
            at = _behind_string(text, at, word)
        dots = 0 if word == "\n" else dots + (word == ".")
        depth += _DEEPER.get(word, 0)
        if dots > MAX_DOTS:
            raise _refused(f"more than {MAX_DOTS} dots in a line", text, token.start(), file)
        if depth > MAX_DEPTH:
            raise _refused(f"nested more than {MAX_DEPTH} deep", text, token.start(), file)
        if len(word) > MAX_WORD_LEN and not word.startswith("#"):
            raise _refused(f"a word of more than {MAX_WORD_LEN} characters", text, token.start(), file)


def _behind_string(text: str, at: int, quotes: str) -> int:
    """Return where a string ends that begins before ``at``; one that is not closed ends with line or text."""
    for found in _ENDS[quotes].finditer(text, at):
        if not found[0].startswith("\\"):
            return found.end() - found[0].endswith("\n")
    return len(text)


def _refused(reason: str, text: str, at: int, file: str) -> UserError:
    line = text.count("\n", 0, at) + 1
    return UserError(reason, file=file, line=line, column=at - text.rfind("\n", 0, at))
