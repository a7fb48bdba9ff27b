"""The run loop: take a packet to a stage, record what the stage did, follow its verdict.

A system call runs until every part of its packet was dropped, delivered or left behind on a queue; then the
queue is drained first in, first out.  Loops, drops and panics are data in the trace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Any

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.machine.laws import check_marks
from ipsec_lo_trace.machine.symbols import LinkTable, Stage, Symbol
from ipsec_lo_trace.machine.verdicts import (
    ASYNCHRONOUS,
    NETISR,
    SOCKET,
    SYSCALL,
    Deliver,
    Drop,
    HandOff,
    Panic,
    Split,
    Verdict,
)
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.trace import Change, Check, Packet, Step

STEP_LIMIT = 400
"""Stages that one mbuf may visit before the machine calls it a loop."""


class Machine:
    """Runs packets through a linked kernel.

    ``deliver`` gets every packet that a stage delivers; ``summarise`` describes a packet's bytes.
    """

    def __init__(
        self,
        kernel: Context,
        table: LinkTable,
        *,
        deliver: Callable[[str, Mbuf], None],
        summarise: Callable[[bytes], Packet],
    ) -> None:
        """Start at row 0 with an empty queue."""
        self.kernel = kernel
        self.table = table
        self.deliver = deliver
        self.summarise = summarise
        self.row = 0
        self.panicked = False
        self.queue: deque[HandOff[Any]] = deque()

    def syscall(self, to: Symbol[Any], m: Mbuf, args: Any) -> Generator[Step, None, str]:  # noqa: ANN401
        """Enter the kernel at ``to``; yield the steps up to its return, and return the errno ("" for 0)."""
        return (yield from self._follow(HandOff(to, SYSCALL, m, args, "")))

    def drain(self) -> Iterator[Step]:
        """Run callbacks and soft interrupts until none is left, or the kernel panicked."""
        while self.queue and not self.panicked:
            work = self.queue.popleft()
            if work.via == NETISR:
                self.kernel.ipintrq_len -= 1
            yield from self._follow(work)

    def _follow(self, first: HandOff[Any]) -> Generator[Step, None, str]:
        """Run ``first`` and all that it reaches by synchronous transfers; return the caller's errno."""
        error = ""
        pending: list[tuple[HandOff[Any], frozenset[str]]] = [(first, frozenset())]
        while pending and not self.panicked:
            work, hidden = pending.pop()
            step, verdict = self._visit(work)
            if isinstance(verdict, HandOff):
                self._pass_on(verdict, hidden, pending)
            elif isinstance(verdict, Split):
                for part in reversed(verdict.parts):
                    self._pass_on(part, hidden, pending)
            elif isinstance(verdict, Drop) and verdict.errno not in hidden:
                error = error or verdict.errno
                if first.via == SYSCALL:
                    step.returned = verdict.errno or None
            yield step
        return error

    def _pass_on(
        self, work: HandOff[Any], hidden: frozenset[str], pending: list[tuple[HandOff[Any], frozenset[str]]]
    ) -> None:
        """Queue what goes on later; put what goes on now on the stack."""
        if work.via in ASYNCHRONOUS:
            if work.via == NETISR:
                self.kernel.ipintrq_len += 1
            self.queue.append(work)
        else:
            pending.append((work, hidden | {work.hides} if work.hides else hidden))

    def _visit(self, work: HandOff[Any]) -> tuple[Step, Verdict]:
        """Run one stage over the packet and record it."""
        m, kernel = work.m, self.kernel
        name = work.to.name
        self.row = m.row = self.row + 1
        m.stage = name
        m.steps += 1
        changes: list[Change] = []
        m.changes = changes
        moved: dict[str, int] = {}
        kernel.moved = moved
        checks: list[Check] = []
        kernel.checks = checks
        described, before = m.described, m.marks
        verdict = self._run(work)
        check_marks(before, m)
        changed = m.data is not described and m.data != described
        if changed or m.wire is None:
            m.wire, m.described = self.summarise(m.data), m.data
        visit = m.visits.get((m.packet, name), 0) + 1
        m.visits[m.packet, name] = visit
        to, errno, reason = _ending(verdict)
        step = Step(
            row=m.row,
            echo=m.echo,
            analysis=0,
            stage=name,
            visit=visit,
            packet=m.packet,
            via=work.via,
            wire=m.wire,
            bytes=m.data.hex() if changed else None,
            marks=m.marks,
            changes=changes,
            checks=checks,
            decision=verdict.decision,
            to=to,
            errno=errno,
            reason=reason,
            returned=None,
            counters=moved,
            text=verdict.text,
        )
        return step, verdict

    def _run(self, work: HandOff[Any]) -> Verdict:
        m = work.m
        if m.steps > STEP_LIMIT:
            return Drop("loop", "", f"stopped after {STEP_LIMIT} stages: the packet goes round in a loop")
        stage = self.table[m.stage]
        verdict = stage.function(self.kernel, m, work.args)
        if isinstance(verdict, HandOff):
            _check_declared(stage, verdict)
        elif isinstance(verdict, Split):
            for part in verdict.parts:
                _check_declared(stage, part)
        elif isinstance(verdict, Panic):
            self.panicked = True
        elif isinstance(verdict, Deliver):
            self.deliver(verdict.to, m)
        return verdict


def _check_declared(stage: Stage, to: HandOff[Any]) -> None:
    if to.to.name not in stage.may_reach:
        msg = f"{stage.symbol.name} hands off to {to.to.name}, which it does not declare"
        raise BrokenInvariantError(msg)


def _ending(verdict: Verdict) -> tuple[str, str | None, str]:
    """Say what takes the packet next ("" if its path ends here), and errno and reason of an end."""
    if isinstance(verdict, HandOff):
        return verdict.to.name, None, ""
    if isinstance(verdict, Drop):
        return "", verdict.errno or None, verdict.reason
    if isinstance(verdict, Split):
        return verdict.parts[0].to.name, None, ""
    if isinstance(verdict, Deliver):
        return f"{SOCKET}:{verdict.to}", None, ""
    return "", None, verdict.reason if isinstance(verdict, Panic) else ""
