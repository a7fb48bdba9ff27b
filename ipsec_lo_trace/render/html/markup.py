"""Small pieces of HTML.  Whatever comes from a trace goes through ``words`` or an attribute, both escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from ipsec_lo_trace.pages.marks import MARKS
from ipsec_lo_trace.render.styles import Line, Word

_MARK_TEXTS = {page.name: page.text for page in MARKS}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def words(text: str) -> str:
    """Escape a text; control characters, which HTML does not allow, are spelt out."""
    return escape(_CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text))


def element(name: str, content: str = "", /, **attributes: str) -> str:
    """Make an element around HTML; ``class_`` is the class, ``_`` in an attribute's name is a hyphen.

    Attributes without a value are left out.
    """
    named = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value)
    inside = "".join(f' {key}="{words(value)}"' for key, value in named)
    return f"<{name}{inside}>{content}</{name}>"


def heard(text: str) -> str:
    """Make words for those who listen; sighted readers have them by place or by sign."""
    return element("span", words(text), class_="heard")


def mark_name(name: str) -> str:
    """Make a mark's name, which carries what ``explain`` says of it."""
    return element("b", words(name), title=_MARK_TEXTS.get(name, ""))


def row_link(row: int | str, letter: str) -> str:
    """Link a row of a trace."""
    return element("a", str(row), href=f"#{letter}{row}")


def linked(line: Line, letter: str) -> str:
    """Make HTML of a line's words, with links to the rows that it refers to."""
    return " ".join(_linked(word, letter) for word in line.words)


def _linked(word: Word, letter: str) -> str:
    if not word.row:
        return words(word.text)
    return row_link(word.row, letter) + words(word.text.removeprefix(str(word.row)))


def table(head: Iterable[str], rows: Iterable[Iterable[str]], *, caption: str = "", class_: str = "") -> str:
    """Make a table whose first column heads its rows; cells are HTML, an empty head is no header."""
    top = "".join(element("th", cell, scope="col") if cell else "<td></td>" for cell in head)
    body = []
    for first, *others in rows:
        cells = "".join(element("td", cell) for cell in others)
        body.append(element("tr", (element("th", first, scope="row") if first else "<td></td>") + cells))
    named = element("caption", words(caption)) if caption else ""
    parts = f"{named}<thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody>"
    return element("table", parts, class_=class_)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Make a list of names and values; values are HTML, a name that comes again is not repeated."""
    items = []
    above = None
    for name, value in pairs:
        items.append(("" if name == above else element("dt", words(name))) + element("dd", value))
        above = name
    return element("dl", "".join(items), class_="facts")
