"""The ledger of marks tells each mark's life as the steps do."""

from __future__ import annotations

import pytest

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.ledger import Entry, ledger, ledger_lines
from tests.render.support import opened, stored
from tests.support import PATCHED, UNPATCHED


def entries(fix: str) -> tuple[list[Step], dict[tuple[str, str], Entry]]:
    """Return a run's steps, and its ledger by name and packet."""
    steps = list(opened(stored(fix)).steps())
    return steps, {(entry.mark.name, entry.mark.made_for): entry for entry in ledger(steps)}


def row(steps: list[Step], stage: str, packet: str = "P1") -> int:
    """Return the first row of a stage for a packet."""
    return next(step.row for step in steps if (step.stage, step.packet) == (stage, packet))


def test_unpatched() -> None:
    """Unpatched, P1's three marks turn stale in icmp_reflect, stay, and settle what they must not."""
    steps, marks = entries(UNPATCHED)
    assert list(marks) == [("OUT_DONE", "P1"), ("M_DECRYPTED", "P1"), ("IN_DONE", "P1")]
    born = [row(steps, name) for name in ("ipsec_process_done", "esp_input_cb", "ipsec4_common_input_cb")]
    assert [entry.mark.row for entry in marks.values()] == born
    for entry in marks.values():
        assert entry.stale_from == row(steps, "icmp_reflect", "P2")
        assert (entry.removed, entry.last) == (0, steps[-1].row)
    effect = next(step.row for step in steps if step.stage == "ip_output" and step.packet == "P2")
    assert effect in marks["OUT_DONE", "P1"].settled
    assert row(steps, "rip_input", "P2") in marks["M_DECRYPTED", "P1"].settled


def test_patched() -> None:
    """Patched, icmp_reflect ends both tags, and the flag lives on until esp_input_cb makes its own."""
    steps, marks = entries(PATCHED)
    reflect = row(steps, "icmp_reflect", "P2")
    assert marks["OUT_DONE", "P1"].removed == marks["IN_DONE", "P1"].removed == reflect
    flag = marks["M_DECRYPTED", "P1"]
    assert (flag.stale_from, flag.removed) == (reflect, row(steps, "esp_input_cb", "P2"))
    assert all(entry.stale_from == 0 for (_name, packet), entry in marks.items() if packet == "P2")


@pytest.mark.parametrize("size", [56, 40000])
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_every_mark_once(fix: str, count: int, size: int) -> None:
    """Every mark that was added has one entry, with rows in the order of a life."""
    steps = list(opened(stored(fix, count=count, size=size)).steps())
    added = [change.mark for step in steps for change in step.changes if change.op == "add"]
    book = ledger(steps)
    assert [entry.mark for entry in book] == added
    for entry in book:
        assert entry.mark.row <= min([*entry.settled, entry.last])
        assert not entry.removed or max([*entry.settled, entry.last]) <= entry.removed
        assert not entry.stale_from or entry.mark.row < entry.stale_from
    assert len(list(ledger_lines(book))) == len(book) + 1


def test_lines() -> None:
    """The ledger's line has birth, use, staleness and end in words."""
    lines = [line.wrap(200)[0].plain for line in ledger_lines(ledger(opened(stored(PATCHED)).steps()))]
    steps, marks = entries(PATCHED)
    entry = marks["OUT_DONE", "P1"]
    assert lines[1].strip() == (
        f"OUT_DONE esp 0x00001000 to 127.0.0.1 made for P1 of echo 1 in row {entry.mark.row} "
        f"(ipsec_process_done); settled a question in row {entry.settled[0]}; "
        f"stale from row {entry.stale_from}; removed in row {entry.removed}"
    )
    assert lines[-1].endswith(f"ends with its packet in row {steps[-1].row}")
