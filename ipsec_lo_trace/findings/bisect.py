"""At which rows would stripping the tags have prevented the outcome, and where would it break something?"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import Crossing, Step, Verdict
from ipsec_lo_trace.model.whatif import Try

SEVERITY = tuple(OUTCOMES)
Trial = Callable[[str, int], Verdict]
"""Runs the same thing with the tags deleted after the n-th visit of a stage."""


def bisect(steps: list[Step], verdict: Verdict, trial: Trial) -> list[Try]:
    """Try every row of the echo that shows the verdict; nothing to try if the run was clean."""
    at = next((step for step in steps if step.row == verdict.effect), None)
    if verdict.outcome == "clean" or at is None:
        return []
    visits: dict[str, int] = {}
    tries = []
    for step in steps:
        if step.echo != at.echo:
            continue
        visits[step.stage] = visits.get(step.stage, 0) + 1
        found = trial(step.stage, visits[step.stage])
        tries.append(_try(step, visits[step.stage], verdict, found))
    return tries


def _try(step: Step, visit: int, base: Verdict, found: Verdict) -> Try:
    return Try(
        row=step.row,
        stage=step.stage,
        visit=visit,
        packet=step.packet,
        outcome=found.outcome,
        code=found.code,
        prevents=SEVERITY.index(found.outcome) < SEVERITY.index(base.outcome),
        changes_request=requests(base.lo0) != requests(found.lo0),
    )


def requests(crossings: list[Crossing]) -> list[tuple[list[str], int]]:
    """Return the form in which each request crossed lo0: its protocols, and its length in bytes."""
    return [(one.proto, one.len) for one in crossings if packet_name(one.packet).is_request]


def intervals(tries: list[Try]) -> Iterator[tuple[Try, Try]]:
    """Yield the stretches of rows that prevent the outcome and leave the request alone: first and last."""
    stretch: list[Try] = []
    for each in tries:
        if each.prevents and not each.changes_request:
            stretch.append(each)
        elif stretch:
            yield stretch[0], stretch[-1]
            stretch = []
    if stretch:
        yield stretch[0], stretch[-1]
