"""Which rows belong together: a longest common subsequence by packet, stage and visit, echo by echo."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.align import by_echo, matched, side_by_side
from ipsec_lo_trace.render.diff.compare import fields
from tests.support import trace

STEP = trace("lo-esp").steps[0]


def rows(names: str, echo: int = 1) -> list[Step]:
    """Make rows whose stages are these letters, visits counted."""
    return [
        msgspec.structs.replace(STEP, row=at, echo=echo, stage=name, visit=names[:at].count(name))
        for at, name in enumerate(names, start=1)
    ]


def longest(a: list[tuple[str, int]], b: list[tuple[str, int]]) -> int:
    """Return the length of a longest common subsequence, by the textbook's table."""
    above = [0] * (len(b) + 1)
    for one in a:
        line = [0]
        for at, other in enumerate(b):
            line.append(above[at] + 1 if one == other else max(above[at + 1], line[at]))
        above = line
    return above[-1]


@given(st.text("abcde", max_size=30), st.text("abcde", max_size=30))
def test_longest_common_subsequence(one: str, other: str) -> None:
    """Each row comes once and in order, matched rows have one key, and no alignment matches more."""
    a, b = rows(one), rows(other)
    pairs = list(matched(a, b))
    assert [left for left, _right in pairs if left] == a
    assert [right for _left, right in pairs if right] == b
    both = [(left, right) for left, right in pairs if left and right]
    assert all((left.stage, left.visit) == (right.stage, right.visit) for left, right in both)
    keys = [[(step.stage, step.visit) for step in steps] for steps in (a, b)]
    assert len(both) == longest(*keys)


def test_one_key_twice() -> None:
    """A row that a file has twice leaves the others matched."""
    a = rows("abc")
    twice = [a[0], *a]
    assert [(left is not None, right is not None) for left, right in matched(a, twice)].count(
        (True, True)
    ) == 3


@given(st.integers(1, 6), st.integers(0, 6), st.randoms(use_true_random=False))
def test_echoes_that_run_side_by_side(preload: int, later: int, random: object) -> None:
    """Rows of the first echoes may come in any mixture; each echo's rows come together and in order."""
    mixed = [step for echo in range(1, preload + 1) for step in rows("ab", echo)]
    random.shuffle(mixed)  # type: ignore[attr-defined]
    after = [step for echo in range(preload + 1, preload + later + 1) for step in rows("ab", echo)]
    groups = dict(by_echo(mixed + after, preload))
    assert list(groups) == list(range(1, preload + later + 1))
    for echo, steps in groups.items():
        assert steps == [step for step in mixed + after if step.echo == echo]


def test_an_echo_that_comes_back_is_refused() -> None:
    """A trace whose echoes are out of order is an error, not a wrong difference."""
    with pytest.raises(UserError, match="echo 1 goes on after echo 2"):
        list(by_echo([*rows("a", 1), *rows("a", 2), *rows("b", 1), *rows("c", 3), *rows("b", 1)], 2))


def test_an_echo_that_one_trace_lacks() -> None:
    """An echo in one trace alone stands alone, and the echoes after it are compared with their like."""
    a = [step for echo in (1, 3) for step in rows("ab", echo)]
    b = [step for echo in (1, 2, 3) for step in rows("ab", echo)]
    found = [(len(left), len(right)) for left, right in side_by_side(by_echo(a, 1), by_echo(b, 1))]
    assert found == [(2, 2), (0, 2), (2, 2)]


def test_row_numbers_are_no_difference() -> None:
    """Other row numbers, of rows and of marks, differ in nothing."""
    for step in trace("lo-esp").steps:
        later = msgspec.structs.replace(
            step,
            row=step.row + 7,
            marks=tuple(msgspec.structs.replace(mark, row=mark.row + 7) for mark in step.marks),
            changes=[
                msgspec.structs.replace(one, mark=msgspec.structs.replace(one.mark, row=one.mark.row + 7))
                for one in step.changes
            ],
            checks=[
                msgspec.structs.replace(one, mark=msgspec.structs.replace(one.mark, row=one.mark.row + 7))
                if one.mark
                else one
                for one in step.checks
            ],
        )
        assert fields(step, later) == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("via", "x"),
        ("bytes", "00"),
        ("marks", ()),
        ("checks", []),
        ("changes", [1]),
        ("decision", "x"),
        ("to", "x"),
        ("errno", "EINVAL"),
        ("reason", "x"),
        ("returned", "EINVAL"),
        ("counters", {"x": 1}),
    ],
)
def test_each_field_is_compared(name: str, value: object) -> None:
    """A row that differs in one field is said to differ in that one."""
    steps = trace("lo-esp").steps
    [step] = [one for one in steps if one.stage == "ip_output" and one.packet == "P2"]
    if name == "changes":
        value = next(one.changes for one in steps if one.changes)
    assert fields(step, msgspec.structs.replace(step, **{name: value})) == (name,)


def test_the_packet_is_compared_field_by_field() -> None:
    """A packet that differs in its length is said to differ in that."""
    wire = msgspec.structs.replace(STEP.wire, len=99, ttl=1)
    assert fields(STEP, msgspec.structs.replace(STEP, wire=wire)) == ("wire.len", "wire.ttl")
