"""Where things stand in a TOML check file: the standard library's parser does not say.

This looks at the beginnings of lines only, which is enough to point at one; the parser decides what it means.
"""

from __future__ import annotations

import re

Places = dict[str, int]
TABLE = re.compile(r"\s*\[\[\s*check\s*\]\]")
SUBTABLE = re.compile(r"\s*\[\s*check\s*\.\s*(\w+)\s*\]")
KEY = re.compile(r"""\s*(?:\w+\s*\.\s*)?["']?([\w\[\]-]+)["']?\s*=""")


def places(text: str) -> list[Places]:
    """Give, for each ``[[check]]`` in turn, the line of each of its keys; "" is the table's own."""
    found: list[Places] = []
    quotes = ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not quotes and TABLE.match(line):
            found.append({"": number})
        elif not quotes and found and (key := SUBTABLE.match(line) or KEY.match(line)):
            found[-1].setdefault(key[1], number)
        for kind in ('"""', "'''"):
            if quotes in ("", kind) and line.count(kind) % 2:
                quotes = "" if quotes else kind
    return found
