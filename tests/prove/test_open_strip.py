"""Is what an open switch leaves of the marks, under each kernel, what that kernel's own switch leaves?"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple, cast

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER, m_flag, m_set_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS, m_tag_find, m_tag_prepend, strip
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.prove.kernel import OpenBuild
from ipsec_lo_trace.prove.kernels import PLACES, STRIPS, SWITCH, TCP_PLACE, Kernels
from ipsec_lo_trace.prove.path import Path, explore, size
from tests.prove.support import numbers

if TYPE_CHECKING:
    from ipsec_lo_trace.kernel.state import Kernel

KERNELS = Kernels((*PLACES, TCP_PLACE), {"plain": {}, "pf": {"persistent_tags": "pf"}})
PACKETS = ("P1", "P2")
MARKS = (*TAGS, *ORDER)


class Event(NamedTuple):
    """Something that befalls a packet: a mark made or looked for, a place that strips, another identity."""

    does: str
    what: str


EVENTS = st.lists(
    st.one_of(
        st.builds(Event, st.just("make"), st.sampled_from(MARKS)),
        st.builds(Event, st.just("look"), st.sampled_from(MARKS)),
        st.builds(Event, st.just("strip"), st.sampled_from(KERNELS.places)),
        st.builds(Event, st.just("become"), st.sampled_from(PACKETS)),
    ),
    max_size=12,
)
Fate = tuple[list[bool], list[tuple[str, str, bool]]]
"""Whether each mark looked for was found; and those left, for whom each was made, whether it is stale."""


def fate(events: list[Event], build: Build) -> Fate:
    """Let events befall a packet in a kernel."""
    k = cast("Kernel", SimpleNamespace(build=build))
    m = Mbuf(b"", echo=1, packet=PACKETS[0])
    found = [_befall(k, m, event) for event in events]
    left = [(mark.name, mark.made_for, mark.stale) for mark in m.marks if mark.there]
    return [answer for answer in found if answer is not None], left


def _befall(k: Kernel, m: Mbuf, event: Event) -> bool | None:
    if event.does == "look":
        look = m_flag if event.what in ORDER else m_tag_find
        return look(m, event.what) is not None
    if event.does == "strip":
        strip(k, m, getattr(k.build, event.what))
    elif event.does == "become":
        m.become(event.what)
    else:
        make = m_set_flag if event.what in ORDER else m_tag_prepend
        make(m, event.what)
    return None


@given(EVENTS)
def test_the_marks_are_those_that_each_kernel_leaves(events: list[Event]) -> None:
    """Whatever is made, stripped and looked for: each kernel finds and keeps what it does by itself."""
    (leaf,) = explore({}, KERNELS.every, lambda path: fate(events, OpenBuild(path, KERNELS).build))
    assert sum(size(box) for box, _ in leaf.done) == size(KERNELS.every)
    for box, came in leaf.done:
        for strips in numbers(box[STRIPS]):
            for switch in numbers(box[SWITCH]):
                assert fate(events, KERNELS.build(strips, switch)) == came


def test_kernels_part_only_over_what_is_looked_for() -> None:
    """Four places strip a tag that nobody looks for, and one run does for all kernels."""
    runs: list[Fate] = []

    def run(path: Path) -> None:
        k = cast("Kernel", SimpleNamespace(build=OpenBuild(path, KERNELS).build))
        m = Mbuf(b"", echo=1, packet=PACKETS[0])
        for event in (Event("make", "OUT_DONE"), *(Event("strip", place) for place in PLACES)):
            _befall(k, m, event)
        assert len(m.tags) == 1
        runs.append(([], []))

    list(explore({}, KERNELS.every, run))
    assert len(runs) == 1
