"""A packet by bytes or by layers, with what changed marked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from ipsec_lo_trace.render.styles import Line

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


def dump(data: bytes, changed: set[int], *, indent: int, width: int) -> Iterator[Line]:
    """Yield lines of hexadecimal; ``*`` stands before each byte that changed."""
    per_line = next((many for many in (16, 8) if OFFSET_COLUMNS + BYTE_COLUMNS * many <= width), 4)
    indent = max(0, min(indent, width - OFFSET_COLUMNS - BYTE_COLUMNS * per_line))
    for start in range(0, len(data), per_line):
        line = Line(" " * indent + f"{start:04x} ", style="number", gap="")
        for at in range(start, min(start + per_line, len(data))):
            line.glue(*(f"*{data[at]:02x}", "add") if at in changed else (f" {data[at]:02x}", ""))
        yield line


Layer = tuple[str, list[tuple[str, str]]]
"""A layer's name, and its fields' names with what they hold."""
Dissect = Callable[[bytes], list[Layer]]
"""List a packet's layers from the outside in."""


def layer_lines(before: list[Layer], after: list[Layer], *, indent: int) -> Iterator[Line]:
    """Yield lines with a layer each; ``*`` stands before each field that changed or came with its layer."""
    earlier = counterparts(before, after)
    for at, (name, fields) in enumerate(after):
        old = dict(earlier.get(at, ()))
        line = Line(" " * indent, hang=indent + 2).glue(f"{name}:", "quiet")
        for field, held in fields:
            changed = old.get(field) != held
            line.glue(f"{'*' if changed else ''}{field}={held}", "add" if changed else "")
        yield line


def counterparts(before: list[Layer], after: list[Layer]) -> dict[int, list[tuple[str, str]]]:
    """Find the layers that were there before, by their place: what they held then.

    They are matched by name from the inside out, so that a header that is put on is the new one.
    """
    old = [name for name, _fields in reversed(before)]
    new = [name for name, _fields in reversed(after)]
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return {
        len(after) - 1 - block.b - at: before[len(before) - 1 - block.a - at][1]
        for block in blocks
        for at in range(block.size)
    }
