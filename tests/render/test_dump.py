"""Packet bytes: exactly those that changed are marked."""

from __future__ import annotations

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from ipsec_lo_trace.render.dump import changed_bytes, dump
from ipsec_lo_trace.render.timeline import View
from tests.render.support import opened, printed, stored

PAIRS = st.integers(0, 100).flatmap(
    lambda length: st.tuples(*[st.binary(min_size=length, max_size=length)] * 2)
)


@given(PAIRS)
def test_same_length(pair: tuple[bytes, bytes]) -> None:
    """Between packets of the same length, the changed bytes are those that differ in place."""
    before, after = pair
    assert changed_bytes(before, after) == {at for at in range(len(after)) if before[at] != after[at]}


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_other_length(head: bytes, old: bytes, new: bytes, tail: bytes) -> None:
    """Between packets of different length, no more is marked than was put in, and all else is common ends."""
    before, after = head + old + tail, head + new + tail
    assume(len(old) != len(new))
    changed = changed_bytes(before, after)
    assert len(changed) <= len(new)
    if changed:
        first, end = min(changed), max(changed) + 1
        assert len(changed) == end - first
        assert before.startswith(after[:first])
        assert before.endswith(after[end:])


@given(st.binary(max_size=70), st.sets(st.integers(0, 69)), st.integers(0, 30), st.integers(20, 200))
def test_dump(data: bytes, changed: set[int], indent: int, width: int) -> None:
    """A dump has every byte once, in order, under its offset, marked if it changed, within the width."""
    shown = bytearray()
    marked = set()
    for line in dump(data, changed, indent=indent, width=width):
        (text,) = line.plain(width)
        assert len(text) <= width
        offset, _space, cells = text.strip().partition(" ")
        assert int(offset, 16) == len(shown)
        for sign, byte in re.findall(r"([ *])([0-9a-f]{2})", text.partition(offset + " ")[2]):
            if sign == "*":
                marked.add(len(shown))
            shown.append(int(byte, 16))
        assert cells
    assert bytes(shown) == data
    assert marked == {at for at in changed if at < len(data)}


def dumps(show_bytes: str) -> list[tuple[bytes, set[int]]]:
    """Return each dump of a timeline: its bytes, and the positions that it marks."""
    found: list[tuple[bytes, set[int]]] = []
    for text in printed(opened(stored()), View(width=80, show_bytes=show_bytes)):
        match = re.fullmatch(r" {5}([0-9a-f]{4}) ((?:[ *][0-9a-f]{2})+)", text)
        if match is None:
            continue
        if match[1] == "0000":
            found.append((b"", set()))
        data, marked = found[-1]
        cells = re.findall(r"([ *])([0-9a-f]{2})", match[2])
        marked |= {len(data) + at for at, (sign, _byte) in enumerate(cells) if sign == "*"}
        found[-1] = data + bytes(int(byte, 16) for _sign, byte in cells), marked
    return found


def test_changed_rows() -> None:
    """--bytes changed dumps the packets of the rows that changed them, marking what is new in each."""
    packets = [bytes.fromhex(step.bytes) for step in opened(stored()).steps() if step.bytes is not None]
    before = b""
    expected = []
    for packet in packets:
        expected.append((packet, changed_bytes(before, packet)))
        before = packet
    assert dumps("changed") == expected


def test_all_rows() -> None:
    """--bytes all dumps every row's packet; where nothing changed, nothing is marked."""
    steps = list(opened(stored()).steps())
    found = dumps("all")
    assert [len(data) for data, _marked in found] == [step.wire.len for step in steps]
    assert [bool(marked) for _data, marked in found] == [step.bytes is not None for step in steps]
