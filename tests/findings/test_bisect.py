"""Which rows does a bisection try, and which of them would do?"""

from __future__ import annotations

import pytest
from msgspec import structs

from ipsec_lo_trace.findings.bisect import bisect, intervals
from ipsec_lo_trace.model.trace import Crossing, Verdict
from ipsec_lo_trace.model.whatif import Try
from tests.findings.test_judge import END, OUTPUT, run_record, step, verdict


def tried(row: int, *, prevents: bool, changes: bool = False) -> Try:
    """Make a try."""
    return Try(row, "ip_output", 1, "P1", "clean", "clean", prevents=prevents, changes_request=changes)


@pytest.mark.parametrize(
    ("wanted", "stretches"),
    [
        ("", []),
        ("n", []),
        ("y", [(0, 0)]),
        ("nyyn", [(1, 2)]),
        ("yny", [(0, 0), (2, 2)]),
        ("ycy", [(0, 0), (2, 2)]),
        ("nyy", [(1, 2)]),
    ],
)
def test_stretches_of_rows_that_prevent_the_outcome(wanted: str, stretches: list[tuple[int, int]]) -> None:
    """A row that does not prevent it (n), or changes the request (c), ends a stretch; so does the end."""
    tries = [tried(row, prevents=kind != "n", changes=kind == "c") for row, kind in enumerate(wanted)]
    assert [(first.row, last.row) for first, last in intervals(tries)] == stretches


def crossing(packet: str, proto: str = "esp", length: int = 84) -> Crossing:
    """Make a crossing."""
    return Crossing(echo=1, packet=packet, row=1, proto=[proto], spi=[], seq=[], src="", dst="", len=length)


def ended(outcome: str, *lo0: Crossing, effect: int | None = 3) -> Verdict:
    """Make a verdict."""
    judged = verdict(run_record(), OUTPUT, END)
    return structs.replace(judged, outcome=outcome, effect=effect, lo0=list(lo0))


ROWS = [
    step("ip_output", row=1),
    step("ip_output", row=2, echo=2),
    step("ip_output", row=3),
    step("looutput", row=4),
]


def test_a_bisection_tries_each_row_of_the_echo_by_its_visit() -> None:
    """The rows of the echo that shows the verdict are tried, each stage's counted from 1."""
    asked: list[tuple[str, int]] = []

    def trial(stage: str, visit: int) -> Verdict:
        asked.append((stage, visit))
        return ended("clean", crossing("P1"))

    tries = bisect(ROWS, ended("leak", crossing("P1")), trial)
    assert asked == [("ip_output", 1), ("ip_output", 2), ("looutput", 1)]
    assert [(each.row, each.visit, each.prevents, each.changes_request) for each in tries] == [
        (1, 1, True, False),
        (3, 2, True, False),
        (4, 1, True, False),
    ]
    assert bisect(ROWS, ended("clean"), trial) == []
    assert bisect(ROWS, ended("leak", effect=None), trial) == []
    assert bisect(ROWS, ended("leak", effect=9), trial) == []


@pytest.mark.parametrize(
    ("outcome", "lo0", "prevents", "changes"),
    [
        ("leak", [crossing("P1")], False, False),
        ("panic", [crossing("P1")], False, False),
        ("error", [crossing("P1")], True, False),
        ("clean", [crossing("P1", "ah")], True, True),
        ("clean", [crossing("P1", length=85)], True, True),
        ("clean", [crossing("P1"), crossing("P1")], True, True),
        ("clean", [crossing("P1"), crossing("P2")], True, False),
    ],
)
def test_what_a_try_is_good_for(outcome: str, lo0: list[Crossing], *, prevents: bool, changes: bool) -> None:
    """It prevents a leak if the outcome is less serious; it must leave the request as it was."""
    first = bisect(ROWS, ended("leak", crossing("P1")), lambda _stage, _visit: ended(outcome, *lo0))[0]
    assert (first.prevents, first.changes_request) == (prevents, changes)
