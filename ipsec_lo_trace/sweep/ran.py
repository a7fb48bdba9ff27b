"""What the laws look at in a run, gathered while it runs.

The rows themselves are not kept: a packet in a loop has tens of thousands, each with thousands of marks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from ipsec_lo_trace.findings.echo import LOOUTPUT, crosses_lo0
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.trace import SOCKET, Check, Mark, Packet, Run, SaRecord, Step, Verdict

ROUNDS = 101
"""Visits of one stage by one packet that are a loop, even if it has an end in the kernel."""
FLAG = "M_"
"""How the names of mbuf flags begin; other marks are tags."""
Way = tuple[str, str, str, str]
"""What a row shows of a packet's way: stage, packet, decision and reason."""


class Settled(msgspec.Struct, frozen=True, gc=False):
    """A question that a stale mark settled, and where."""

    row: int
    stage: str
    echo: int
    packet: str
    check: Check
    mark: Mark


class Crossed(msgspec.Struct, frozen=True, gc=False):
    """A packet that crossed lo0, and the row of its looutput."""

    row: int
    echo: int
    packet: str
    wire: Packet


class Ran(msgspec.Struct, kw_only=True):
    """A run, as far as the laws look at it.

    ``ways`` has a row each.  ``loop`` is the first row that shows a packet going round, in words, "" if none
    does, and ``loop_row`` its number, or 0; ``detected`` is what loop detection said last; ``by_tag`` tells
    whether an inbound policy was looked for by a tag.  ``reflected`` and ``accepted`` have the packets, each
    with its echo, that are an answer of icmp_reflect's, or were accepted.
    """

    sas: list[SaRecord]
    policies: list[PolicyRecord]
    verdict: Verdict
    ways: list[Way]
    crossed: list[Crossed]
    settled: list[Settled]
    reflected: set[tuple[int, str]]
    accepted: set[tuple[int, str]]
    loop: str
    loop_row: int
    detected: str
    by_tag: bool

    def found(self, code: str) -> bool:
        """Tell whether the run shows a finding."""
        return any(finding.code == code for finding in self.verdict.findings)


class Rows:
    """Gathers it, row by row."""

    def __init__(self) -> None:
        """Start before the first row."""
        self._ways: list[Way] = []
        self._crossed: list[Crossed] = []
        self._settled: list[Settled] = []
        self._reflected: set[tuple[int, str]] = set()
        self._accepted: set[tuple[int, str]] = set()
        self._loop = self._detected = ""
        self._loop_row = 0
        self._by_tag = False

    def see(self, steps: Iterable[Step]) -> None:
        """Take rows into account, in their order."""
        ways = self._ways
        for step in steps:
            stage, packet, to = step.stage, step.packet, step.to
            ways.append((stage, packet, step.decision, step.reason))
            if not self._loop_row and (step.visit == ROUNDS or step.reason == "loop"):
                self._loop, self._loop_row = f"row {step.row}: {step.text}", step.row
            if step.checks:
                self._see_checks(step)
            if stage == LOOUTPUT and crosses_lo0(step):
                self._crossed.append(Crossed(step.row, step.echo, packet, step.wire))
            elif stage == "icmp_reflect":
                self._reflected.add((step.echo, packet))
            if to.startswith(SOCKET) or (stage, to) == ("icmp_input", "icmp_reflect"):
                self._accepted.add((step.echo, packet))

    def _see_checks(self, step: Step) -> None:
        for check in step.checks:
            mark = check.mark
            if mark is not None and mark.stale:
                settled = Settled(step.row, step.stage, step.echo, step.packet, check, mark)
                self._settled.append(settled)
            if check.id == "loop-detection":
                self._detected = check.answer
            elif check.id == "gate-1-tag":
                self._by_tag = True

    def ran(self, run: Run, verdict: Verdict) -> Ran:
        """Give what was gathered, with the run's record and its verdict."""
        return Ran(
            sas=run.sas,
            policies=run.policies,
            verdict=verdict,
            ways=self._ways,
            crossed=self._crossed,
            settled=self._settled,
            reflected=self._reflected,
            accepted=self._accepted,
            loop=self._loop,
            loop_row=self._loop_row,
            detected=self._detected,
            by_tag=self._by_tag,
        )


def ran(run: Run, steps: Sequence[Step], verdict: Verdict) -> Ran:
    """Gather what the laws look at in a whole trace."""
    rows = Rows()
    rows.see(steps)
    return rows.ran(run, verdict)
