"""What a line is, by its looks: people paste prompts, headings and other commands' output too.

Indentation says little, since pastes lose it; what counts is the first word.
"""

from __future__ import annotations

import enum
import re

from ipsec_lo_trace.xfrm.words import begins_a_line, is_entry_line

_LOOKED_AT = 200
"""How many characters decide what a line is; a regular expression sees no more."""
_QUOTED = re.compile(r"[\s>|\ufeff]*")
_PROMPT = re.compile(
    r"(\(\S*\)\s?)?(\[[^\]]*\]|[^\s#$%\u276f\u279c]*\s?)[#$%\u276f\u279c]($|\s|(sudo\s+)?ip\s)"
)
# ip takes the beginnings of words for them.
_CALL = re.compile(r"\bip\s.*?\bx(f|fr|frm)?\s+[sp]\w*(?P<makes>\s+(a(dd)?|u(pdate)?)\b)?")
_HEADING = re.compile(
    # root's prompt is a comment too
    r"#.*|[=\-*~`+_.:<]{2,}.*|[+*]\s.*|\[.*\]|<[^<>]*>|\.\w.*|[^:]{0,60}:"
    r"|(\w+ ){0,3}(sas?|sad|spd|states?|polic(y|ies))",
    re.IGNORECASE,
)
_GAP = re.compile(
    r"[\[(<{#/*\s-]*(\.\.|\u2026).*"
    r"|[^\w\s].*\b(cut|deleted|elided|hidden|omitted|redacted|removed|skipped|snip|snipped|stripped|truncated)\b.*",
    re.IGNORECASE,
)
_FIRST = re.compile(r"[^\w\s]*\s*(?P<word>[\w-]+)[^\w\s]*")
"""A line's first word in whatever marks it as a comment, a list's or bold."""
_DEFAULT = re.compile(r"(default policies:\s*)?((in|fwd|out):\s+\S+\s*){1,3}", re.IGNORECASE)
_COUNT = re.compile(r"SAD\s+count\s+\d|SPD\s+(IN\s+\d|buckets:|IPv[46] thresholds:)")
_MONITOR = re.compile(r"(Deleted|Updated|Expired)\s+src\s")
_ANSWER = re.compile(r"RTNETLINK answers:")


class Shape(enum.Enum):
    """What a line is: ``ASIDE`` brings nothing; ``AWAY`` is no output of ip xfrm, but looks like it.

    ``GAP`` stands for lines that somebody took out, or is one that he commented out; ``HEAD_ASIDE`` is the
    first line of an entry that he commented out.
    """

    BLANK = enum.auto()
    ASIDE = enum.auto()
    GAP = enum.auto()
    HEAD_ASIDE = enum.auto()
    ENTRY = enum.auto()
    LINE = enum.auto()
    DEFAULT = enum.auto()
    COUNT = enum.auto()
    AWAY = enum.auto()
    OTHER = enum.auto()


def quoted_len(line: str) -> int:
    """Return how many characters mail, tables and Windows put before a line."""
    found = _QUOTED.match(line)
    return found.end() if found else 0


def shape(line: str) -> Shape:
    """Tell what a line is."""
    bare = line[quoted_len(line) :][:_LOOKED_AT].rstrip()
    if not bare:
        return Shape.BLANK
    first = bare.split(None, 1)[0].partition("\\")[0]
    if first == "src":
        return Shape.ENTRY
    if begins_a_line(first):
        return Shape.LINE
    if _DEFAULT.fullmatch(bare):
        return Shape.DEFAULT
    if _COUNT.match(bare):
        return Shape.COUNT
    return _around(bare)


def _around(bare: str) -> Shape:
    """Tell what a line is that is no line of an entry."""
    call = _CALL.search(bare)
    prompt = None if bare.startswith("#") else _PROMPT.match(bare)
    first = _FIRST.match(bare)
    plain = first["word"] + bare[first.end() :] if first else ""
    if plain.startswith("src ") and bare.startswith("#"):
        return Shape.HEAD_ASIDE
    if not call and not prompt and (_GAP.fullmatch(bare) or is_entry_line(plain)):
        return Shape.GAP
    if prompt or _HEADING.fullmatch(bare) or (call and not call["makes"]):
        return Shape.ASIDE
    return Shape.AWAY if call or _MONITOR.match(bare) else Shape.OTHER


def is_joined(line: str) -> bool:
    """Tell whether a line is an entry of -o whose first words cannot be read."""
    _head, *rest = line[:_LOOKED_AT].split("\\")
    like = any(is_entry_line(piece.lstrip()) for piece in rest)
    return like and shape(line) in (Shape.OTHER, Shape.ASIDE)


def is_blank(text: str) -> bool:
    """Tell whether there is nothing in a text but empty lines, comments, prompts and headings."""
    harmless = (Shape.BLANK, Shape.ASIDE, Shape.GAP, Shape.HEAD_ASIDE)
    return all(shape(line) in harmless for line in text.split("\n"))


def is_xfrm(text: str) -> bool:
    """Tell whether a text is what ip xfrm prints, or shows how somebody asked it to."""
    return any(map(_is_xfrm, text.split("\n")))


def _is_xfrm(line: str) -> bool:
    if shape(line) in (Shape.ENTRY, Shape.DEFAULT, Shape.COUNT):
        return True
    bare = line[quoted_len(line) :][:_LOOKED_AT]
    if is_entry_line(bare) or is_joined(line):
        return True
    return not bare.startswith("#") and bool(_CALL.search(bare) or _ANSWER.match(bare))
