"""TOML that somebody else wrote: the limits that a text must keep within, and its parsing.

tomllib takes memory and time in the square of a key's parts, a number of any length, and a call for each
bracket.  Strings and comments may hold whatever they like.  Source: TOML 1.0.0.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.outside import MisreadError, decoded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

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


def document(text: str, file: str) -> dict[str, Any]:
    """Parse a TOML text; UserError with its place if it is beyond a limit, or is no TOML."""
    check_limits(text, file)
    try:
        parsed: dict[str, Any] = decoded(tomllib.loads, text)
    except MisreadError as error:
        place = re.search(r" \(at line (\d+), column (\d+)\)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (0, 0)
        reason = str(error).replace(place[0] if place else "", "")
        raise UserError(f"not TOML: {reason}", file=file, line=line, column=column) from None
    return parsed


def line_of(key: str, text: str) -> int:
    """Find the line that begins with a key; 0 if none does."""
    place = re.search(rf"^[ \t\[]*[\"']?{re.escape(key)}\b", text, re.MULTILINE)
    return text.count("\n", 0, place.end()) + 1 if place else 0
