"""Long repeats are shown once and counted; no row is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ipsec_lo_trace import Setup, probe
from ipsec_lo_trace.machine import run
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.repeats import LEAST_ROUNDS, Hidden, Repeat, folded
from ipsec_lo_trace.render.timeline import View
from tests.render.support import opened, printed, stored
from tests.render.test_timeline import traced
from tests.second_reading.test_loops import ENDS

FIRST = next(iter(opened(stored()).steps()))


def rows(stages: str, growth: int = 0) -> list[Step]:
    """Make rows of these stages, each packet longer than the one before."""
    return [
        replace(FIRST, row=row, stage=stage, wire=replace(FIRST.wire, len=100 + growth * row))
        for row, stage in enumerate(stages, start=1)
    ]


def told(stages: str, growth: int = 0) -> list[str]:
    """Say what is shown of rows: stages, and the words of each repeat."""
    each = folded(rows(stages, growth))
    return [one.stage if isinstance(one, Step) else one.words for one in each if not isinstance(one, Hidden)]


@given(st.text("abc", max_size=60))
def test_every_row_comes_once_and_in_order(stages: str) -> None:
    """Shown or hidden, each row is passed on, and a repeat counts those that were hidden before it."""
    passed, hidden = [], 0
    for each in folded(rows(stages)):
        if isinstance(each, Repeat):
            assert (each.rounds * each.stages, each.last - each.first + 1) == (hidden, hidden)
            hidden = 0
        else:
            passed.append((each.step if isinstance(each, Hidden) else each).row)
            hidden += isinstance(each, Hidden)
    assert (passed, hidden) == (list(range(1, len(stages) + 1)), 0)


@given(st.text("abc", max_size=60))
def test_what_is_hidden_can_be_told_from_what_is_shown(stages: str) -> None:
    """Each hidden round is like the shown rows right before it."""
    shown: list[str] = []
    for each in folded(rows(stages)):
        if isinstance(each, Step):
            shown.append(each.stage)
        elif isinstance(each, Repeat):
            shown += shown[-each.stages :] * each.rounds
    assert "".join(shown) == stages


@pytest.mark.parametrize(
    ("stages", "growth", "shown"),
    [
        ("xabababab", 0, ["x", "a", "b", "rows 4 to 9: the same 2 stages 3 times more"]),
        ("aaaa", 24, ["a", "rows 2 to 4: the same stage 3 times more, 24 bytes longer each time"]),
        ("aaaay", -2, ["a", "rows 2 to 4: the same stage 3 times more, 2 bytes shorter each time", "y"]),
        ("ababab", 0, [*"ababab"]),
        ("abcabc", 0, [*"abcabc"]),
    ],
)
def test_a_repeat_is_counted(stages: str, growth: int, shown: list[str]) -> None:
    """Four rounds and more are folded behind the first, with what each adds to the packet."""
    assert LEAST_ROUNDS == 4
    assert told(stages, growth) == shown


def test_growth_that_differs_is_not_told() -> None:
    """Where rounds add now more and now less, the repeat says nothing of it."""
    steps = rows("aaaa")
    steps[2] = replace(steps[2], wire=replace(steps[2].wire, len=1))
    (_first, *_hidden, repeat) = folded(steps)
    assert isinstance(repeat, Repeat)
    assert repeat.words == "rows 2 to 4: the same stage 3 times more"


def test_echoes_are_no_repeat() -> None:
    """The rows of one echo are not folded behind those of another."""
    assert not [each for each in folded(opened(stored(count=6)).steps()) if not isinstance(each, Step)]


def test_a_packet_that_is_made_anew_each_round_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Encapsulate and forward makes a new packet each time, and is a repeat all the same."""
    monkeypatch.setattr(run, "ROW_LIMIT", 400)
    steps = probe("redirect", Setup(case="forward-loop", fix="looutput-only")).steps
    (repeat,) = [each for each in folded(steps) if isinstance(each, Repeat) and each.rounds > 10]
    assert (repeat.stages, repeat.growth) == (18, 56)


@pytest.mark.slow
def test_the_ah_loop_is_one_screen() -> None:
    """2,728 rounds are a line, --detail full keeps every row."""
    trace = traced(ENDS)
    lines = printed(trace, View(width=200))
    assert len(lines) < 40
    (line,) = [line for line in lines if "the same 5 stages" in line]
    assert line.strip() == ("rows 7 to 13,636: the same 5 stages 2,726 times more, 24 bytes longer each time")
