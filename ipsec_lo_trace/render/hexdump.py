"""Packet bytes, with those marked that changed."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from ipsec_lo_trace.render.styles import STYLES

OFFSET_COLUMNS = 5
BYTE_COLUMNS = 3


def changed_bytes(before: bytes, after: bytes) -> set[int]:
    """Return the positions in ``after`` that differ; if the lengths do too, all but the common ends."""
    if len(before) == len(after):
        return {at for at, (old, new) in enumerate(zip(before, after, strict=True)) if old != new}
    shorter = min(len(before), len(after))
    head = next((at for at in range(shorter) if before[at] != after[at]), shorter)
    tail = next((at for at in range(shorter - head) if before[-1 - at] != after[-1 - at]), shorter - head)
    return set(range(head, len(after) - tail))


def dump(data: bytes, changed: set[int], *, indent: int, width: int) -> Iterator[Text]:
    """Yield lines of hexadecimal; ``*`` stands before each byte that changed."""
    per_line = next((many for many in (16, 8) if OFFSET_COLUMNS + BYTE_COLUMNS * many <= width), 4)
    indent = max(0, min(indent, width - OFFSET_COLUMNS - BYTE_COLUMNS * per_line))
    for start in range(0, len(data), per_line):
        line = Text(" " * indent + f"{start:04x} ", style=STYLES["number"])
        for at in range(start, min(start + per_line, len(data))):
            sign, style = ("*", "add") if at in changed else (" ", "")
            line.append(f"{sign}{data[at]:02x}", style=STYLES.get(style, ""))
        yield line
