"""Packet bytes as HTML: those that changed stand in ``mark`` elements, eight to a group."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ipsec_lo_trace.render.html.markup import element

LINE, GROUP = 16, 8


def dump_html(data: bytes, changed: set[int], *, same: bool) -> str:
    """Return lines of 16 bytes in two groups, which stand below each other where the column is narrow.

    ``same`` bytes are those of the row before, and left out on paper.
    """
    lines = (_line(data, start, changed) for start in range(0, len(data), LINE))
    return element("div", "".join(lines), class_="dump same" if same else "dump")


def _line(data: bytes, start: int, changed: set[int]) -> str:
    end = min(start + LINE, len(data))
    groups = (range(at, min(at + GROUP, end)) for at in range(start, end, GROUP))
    bytes_ = " ".join(element("span", "".join(_runs(data, group, changed))) for group in groups)
    return element("div", f"<i>{start:04x}</i> {bytes_}")


def _runs(data: bytes, places: range, changed: set[int]) -> Iterator[str]:
    """Mark neighbours that changed as one run; the space between two runs belongs to neither."""
    gap = ""
    for is_changed, run in groupby(places, changed.__contains__):
        text = " ".join(f"{data[at]:02x}" for at in run)
        yield gap + (element("mark", text) if is_changed else text)
        gap = " "
