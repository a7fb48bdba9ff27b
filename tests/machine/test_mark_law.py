"""Is every change of a packet's marks told, and nothing told that is none?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, OUT_DONE, m_tag_delete, m_tag_find, m_tag_prepend
from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from tests.machine.test_bookkeeping import acting
from tests.machine.test_machine import TDBI, call, mbuf


def adds_and_loses(m: Mbuf) -> None:
    """Add a mark by the door, and lose another through the window."""
    m_tag_prepend(m, OUT_DONE, TDBI)
    m.tags = m.tags[:1]


def adds_and_doubles(m: Mbuf) -> None:
    """Add one mark, and bear it twice."""
    m_tag_prepend(m, OUT_DONE, TDBI)
    m.tags = (m.tags[0], *m.tags)


def adds_what_is_stale(m: Mbuf) -> None:
    """Add a mark as if another packet had made it."""
    m_tag_prepend(m, OUT_DONE, TDBI)
    m.packet = "P2"


def removes_and_keeps(m: Mbuf) -> None:
    """Report a removal, and bear the mark still."""
    tags = m.tags
    m_tag_delete(m, tags[0])
    m.tags = tags


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (adds_and_loses, "lost IN_DONE without a change"),
        (adds_and_doubles, "bears OUT_DONE, which no change accounts for"),
        (adds_what_is_stale, "OUT_DONE was made for P1, and says stale False"),
        (removes_and_keeps, "bears IN_DONE, which no change accounts for"),
    ],
)
def test_half_a_truth_about_marks_is_found_out(tamper: Callable[[Mbuf], None], complaint: str) -> None:
    """One honest change does not cover another that is not."""
    m = mbuf()
    m_tag_prepend(m, IN_DONE, TDBI)
    m.changes.clear()
    with pytest.raises(BrokenInvariantError, match=f"row 1, first: {complaint}"):
        call(acting(lambda _k, m: tamper(m)), m)


def test_honest_changes_pass() -> None:
    """Several marks added and one of them taken away again, with one from before."""

    def change(_k: Context, m: Mbuf) -> None:
        before = m_tag_find(m, IN_DONE)
        assert before is not None
        m_tag_prepend(m, OUT_DONE, TDBI)
        m_tag_prepend(m, OUT_DONE, TDBI._replace(spi=9))
        m_tag_delete(m, m.tags[0])
        m_tag_delete(m, before)

    m = mbuf()
    m_tag_prepend(m, IN_DONE, TDBI)
    steps, _errno = call(acting(change), m)
    assert [(each.op, each.mark.name) for each in steps[0].changes] == [
        ("add", OUT_DONE),
        ("add", OUT_DONE),
        ("remove", OUT_DONE),
        ("remove", IN_DONE),
    ]
    assert [mark.spi for mark in steps[0].marks] == [0x1000]
    assert steps[1].changes == []


def test_a_packet_that_turns_into_another_is_found_out() -> None:
    """A stage that touches no mark, and makes the packet another one, leaves stale marks that say not."""

    def rename(_k: Context, m: Mbuf) -> None:
        m.packet = "P2"

    m = mbuf()
    m_tag_prepend(m, IN_DONE, TDBI)
    m.changes.clear()
    with pytest.raises(
        BrokenInvariantError, match="row 1, first: IN_DONE was made for P1, and says stale False"
    ):
        call(acting(rename), m)


def test_marks_that_were_in_order_are_looked_at_again() -> None:
    """Marks that a row found in order are none any more once the packet is another, or they are others."""

    def rename(_k: Context, m: Mbuf) -> None:
        m.packet = "P2"

    def exchange(_k: Context, m: Mbuf) -> None:
        m.tags = tuple(replace(tag, stale=True) for tag in m.tags)

    for tamper, complaint in ((rename, "made for P1, and says stale False"), (exchange, "says stale True")):
        m = mbuf()
        m_tag_prepend(m, IN_DONE, TDBI)
        m.changes.clear()
        call(acting(lambda _k, _m: None), m)
        with pytest.raises(BrokenInvariantError, match=complaint):
            call(acting(tamper), m)
