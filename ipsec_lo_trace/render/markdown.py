"""Text inside Markdown, where nothing in it begins anything.  CommonMark; GitHub's tables and formulas."""

from __future__ import annotations

import re

from ipsec_lo_trace.render.export.words import plain

_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>|~#$&"})
_BEGINS = re.compile(r"([-+=]|\d+(?=[.)]))")
"""What begins a list, a line or a heading where it stands first."""


def text(words: str) -> str:
    """Escape words that stand behind others in their line."""
    return plain(words).translate(_MARKS)


def paragraph(words: str) -> str:
    """Make a paragraph of words, in one line; without words it is empty."""
    said = text(" ".join(words.split()))
    begun = _BEGINS.match(said)
    if begun is None:
        return said
    at = begun.end() if begun[0].isdecimal() else 0
    return f"{said[:at]}\\{said[at:]}"


def cells(*words: str) -> str:
    """Make a row of a table."""
    return f"| {' | '.join(map(text, words))} |"


def table(*heads: str) -> list[str]:
    """Begin a table: its heads, and the line below them."""
    return [cells(*heads), "|" + " --- |" * len(heads)]
