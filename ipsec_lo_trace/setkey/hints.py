"""What to say of a word or a character that setkey(8) of 2003 does not take."""

from __future__ import annotations

import re
import unicodedata

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.suggest import LIKENESS, close, did_you_mean
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.words import AALGS, EALGS, LATER_NAMES, LATER_OPTIONS, LATER_ROWS

INSTEAD = {
    "spdupdate": "a later setkey(8) has it; here spddelete and spdadd",
    "exit": "a later setkey(8) has it; leave it out",
    "quit": "a later setkey(8) has it; leave it out",
    "bye": "a later setkey(8) has it; leave it out",
    "cyclic-seq": "cyclic is the default: leave -f out",
    "cyclic": "it is the default: leave -f out",
    "esp-udp": "ESP in UDP is of a later setkey(8)",
    "fwd": "Linux alone has it; leave this policy out",
    "priority": "policies of 2003 have none: the first that fits is asked",
    "prio": "policies of 2003 have none: the first that fits is asked",
    "tcp-md5": "it goes with tcp alone",
}
"""What to write instead of a word that is none of 2003, where another looks like it and is not meant."""


def nearest(word: str, known: tuple[str, ...], *, likeness: float = LIKENESS) -> str:
    """Suggest what a word may have been meant to be; "" without an idea.  ``likeness`` is difflib's ratio."""
    if word in INSTEAD:
        return INSTEAD[word]
    meant = LATER_NAMES.get(word.lower())
    if meant in known:
        return f"write {meant}"
    return did_you_mean(close(word, known, likeness=likeness)[:1])


_OF_2003 = {EALGS: "rijndael-cbc", AALGS: "hmac-sha2-256"}
"""What 2003 had to encrypt and to authenticate with, where a word asks for what came later."""
_ALGORITHM_LIKENESS = 0.8
_NUMBERS = re.compile(r"[0-9]+")
_CUT = re.compile(r"-(8|12|16)$")
"""How many bytes of an ICV are kept, in an algorithm's name."""


def algorithm_hint(word: str, known: tuple[str, ...]) -> str:
    """Say what to write instead of an algorithm that 2003 had no word for; no other algorithm for it."""
    low = word.lower()
    if LATER_NAMES.get(low) in known:
        return f"write {LATER_NAMES[low]}"
    row = LATER_ROWS.get(low) or LATER_ROWS.get(_CUT.sub("", low))
    if row is not None and known in _OF_2003:
        return f"{row.rfc} is of {row.since}; 2003 had {_OF_2003[known]}"
    longer = tuple(name for name in known if name.startswith(low) or low.startswith(f"{name}-"))
    alike = tuple(name for name in known if _NUMBERS.findall(name) == _NUMBERS.findall(low))
    suggested = nearest(word, longer, likeness=0) or nearest(word, alike, likeness=_ALGORITHM_LIKENESS)
    return suggested or f"there are {', '.join(known)}"


_STRAY = {
    '"': ("this quoted key is never closed", 'put a " behind its last character'),
    "'": ("a single quote", 'setkey(8) has keys between " and "'),
    "\\": ("a backslash", "setkey(8) needs none to go on in the next line"),
    "\r": ("a carriage return", "save the file with Unix line ends"),
    "\0": ("a NUL byte: this is not a text", ""),
    "\ufeff": ("a byte order mark", "save the file as UTF-8 without one"),
    "$": ("a shell's variable", "write what it stands for"),
    "-": ("a - that begins no option", "see setkey(8) for the options"),
}
_NO_BREAK = "\u00a0\u2007\u202f"
_QUOTES = "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2032\u2033\u00ab\u00bb\u00b4`"
_FIRST_BYTE, _LAST_BYTE = "\udc80", "\udcff"
"""The surrogates that stand for bytes which are no UTF-8 (PEP 383)."""
_BYTE_HINT = "setkey(8) takes such a byte in comments and quoted keys alone"


def stray(token: Token) -> UserError:
    """Say what is wrong with a character that begins no token."""
    return token.fault(*stray_words(token.text))


def stray_words(character: str) -> tuple[str, str]:
    """Return what a character is that setkey(8) does not take, and what would be right ("" if unknown)."""
    if character in _STRAY:
        return _STRAY[character]
    if _FIRST_BYTE <= character <= _LAST_BYTE:
        return _byte(ord(character) - 0xDC00)
    if character in _NO_BREAK:
        return "a no-break space", "write a blank"
    if character in _QUOTES:
        return f"a typographic quote, {character!a}", 'write "'
    category = unicodedata.category(character)
    if category == "Pd" or character == "\u2212":
        return f"a typographic dash, {character!a}", "write -"
    if character.isspace():
        return f"white space of another kind, {character!a}", "write a blank"
    if category == "Cf":
        return f"an invisible character, {character!a}", "delete it"
    return f"a stray {character!a}", ""


def _byte(value: int) -> tuple[str, str]:
    """Name a byte; one of Windows' own letters is named by what it looks like there."""
    hint = _BYTE_HINT
    looks = bytes([value]).decode("cp1252", "replace")
    if looks in _NO_BREAK or looks in _QUOTES or unicodedata.category(looks) == "Pd":
        reason, right = stray_words(looks)
        hint = f"in Latin-1 or Windows' own it is {reason}: {right}"
    return f"byte 0x{value:02x} is not UTF-8", hint


def later_option(token: Token) -> UserError:
    """Say of an option that it came after 2003."""
    what = LATER_OPTIONS[token.text]
    return token.fault(f"{token}, {what}, is not of setkey(8) in 2003", "leave it out")


def service(word: str, numbers: dict[str, int], known: tuple[str, ...]) -> str:
    """Say what to write for a service: its number, or the known one that has a letter less, more or swapped.

    First and last letter must agree: ftp is no misspelt tftp.
    """
    number = numbers.get(word.lower())
    if number is not None:
        return f"write its number, {number}"
    suggested = nearest(word, tuple(name for name in known if _same_outline(word, name)))
    return suggested or "write its number"


def _same_outline(word: str, name: str) -> bool:
    return bool(word) and word[0] == name[0] and word[-1] == name[-1] and abs(len(word) - len(name)) <= 1
