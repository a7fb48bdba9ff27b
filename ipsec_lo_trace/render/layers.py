"""Packets by layers and fields, with those fields marked that changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import SequenceMatcher

from rich.text import Text

from ipsec_lo_trace.render.styles import Line

Layer = tuple[str, list[tuple[str, str]]]
"""A layer's name, and its fields' names with what they hold."""
Dissect = Callable[[bytes], list[Layer]]
"""List a packet's layers from the outside in."""


def layer_lines(before: list[Layer], after: list[Layer], *, indent: int, width: int) -> Iterator[Text]:
    """Yield lines with a layer each; ``*`` stands before each field that changed or came with its layer."""
    earlier = counterparts(before, after)
    for at, (name, fields) in enumerate(after):
        old = dict(earlier.get(at, ()))
        line = Line(" " * indent, hang=indent + 2).glue(f"{name}:", "quiet")
        for field, held in fields:
            changed = old.get(field) != held
            line.glue(f"{'*' if changed else ''}{field}={held}", "add" if changed else "")
        yield from line.wrap(width)


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
