"""The run loop: take a packet to a stage, record what the stage did, follow its verdict.

A system call runs until every part of its packet was dropped, delivered or left behind on a queue; then the
queues run: the crypto callbacks, and ipintr's, which it drains whole.  Loops, drops and panics are data in
the trace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NoReturn

import msgspec

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.machine.laws import check_marks
from ipsec_lo_trace.machine.schedule import (
    CALLBACK_TURN,
    NETISR_TURN,
    SYSCALL_TURN,
    Schedule,
    Turn,
    fifo,
)
from ipsec_lo_trace.machine.stage import (
    ASYNCHRONOUS,
    NETISR,
    SYSCALL,
    Deliver,
    Drop,
    HandOff,
    Keep,
    LinkTable,
    Panic,
    Returned,
    Split,
    Stage,
    Symbol,
    Verdict,
    hand_off,
)
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.trace import SOCKET, Change, Check, Packet, Step

ROW_LIMIT = 40_000
"""Stages that all the packets of one request may visit, before the machine calls it a loop.

A packet that grows by AH's 24 bytes a round reaches 65,535 bytes, an end in the kernel, within 13,640.
"""
BYTE_LIMIT = 1 << 28
"""Bytes that all the packets of one request may show, row by row where they change.

The packet that grows by AH's 24 bytes a round shows 86 MiB before its end.
"""
NOTHING: frozenset[str] = frozenset()
LOOP = Drop(
    "loop",
    "",
    f"the kernel does not stop here, this program does: {ROW_LIMIT} rows or {BYTE_LIMIT >> 20} MiB a request",
)

_Pending = tuple[HandOff, frozenset[str]]
"""What goes on now, and the errnos that its callers hide."""


class _Due(msgspec.Struct, gc=False):
    """What a caller counts when its callee returns, its row, and how many errors there were before."""

    returned: Returned | None
    step: Step
    failures: int


class Machine:
    """Runs packets through a linked kernel.

    ``deliver`` gets every packet that a stage delivers; ``summarise`` describes a packet's bytes; ``after``,
    if there is one, may change a packet's marks right after each stage, and says what it did; ``shown`` gives
    a step's ``bytes`` where the packet changed, which are None for whoever looks at none.  ``row_limit`` may
    be lowered before anything runs.
    """

    def __init__(
        self,
        kernel: Context,
        table: LinkTable,
        *,
        deliver: Callable[[str, Mbuf], None],
        summarise: Callable[[bytes], Packet],
        after: Callable[[Mbuf], str] | None = None,
        schedule: Schedule = fifo,
        shown: Callable[[bytes], str | None] = bytes.hex,
    ) -> None:
        """Start at row 0 with empty queues."""
        self.kernel = kernel
        self.table = table
        self.deliver = deliver
        self.summarise = summarise
        self.after = after
        self.schedule = schedule
        self.shown = shown
        self.row_limit = ROW_LIMIT
        self.row = 0
        self.panicked = False
        self.callbacks: deque[HandOff] = deque()
        self.ipintrq: deque[HandOff] = deque()
        self._echo = 0
        self._rows = self._bytes = 0
        self._spent: dict[int, tuple[int, int]] = {}

    def syscall(self, to: Symbol[Any], m: Mbuf, args: Any) -> tuple[list[Step], str]:  # noqa: ANN401
        """Enter the kernel at ``to``; give the steps up to its return, and the errno ("" for 0)."""
        return self._follow(hand_off(to, SYSCALL, m, args, ""))

    def arrive(self, to: Symbol[Any], m: Mbuf, args: Any) -> None:  # noqa: ANN401
        """Put a packet on the IP input queue as an interface does; drain() takes it from there to ``to``."""
        self.queue(hand_off(to, NETISR, m, args, ""))

    def queue(self, work: HandOff) -> None:
        """Leave a packet behind: on ipintr's queue, or with the crypto thread."""
        if work.via == NETISR:
            self.kernel.ipintrq_len += 1
            self.ipintrq.append(work)
        else:
            self.callbacks.append(work)

    def drain(self) -> Iterator[list[Step]]:
        """Run callbacks and soft interrupts until none is left or the kernel panicked."""
        return self.burst(())

    def burst(self, calls: Iterable[Callable[[], list[Step]]]) -> Iterator[list[Step]]:
        """Make system calls, run callbacks and soft interrupts as the schedule has it, until nothing is left.

        A call gives its steps.  Ends early if the kernel panicked.
        """
        waiting = iter(calls)
        call = next(waiting, None)
        while not self.panicked:
            ready: list[Turn] = [] if call is None else [SYSCALL_TURN]
            if self.callbacks:
                ready.append(CALLBACK_TURN)
            if self.ipintrq:
                ready.append(NETISR_TURN)
            if not ready:
                self._spent.clear()
                return
            turn = self.schedule(ready) if len(ready) > 1 else ready[0]
            if turn == SYSCALL_TURN and call is not None:
                yield call()
                call = next(waiting, None)
            elif turn == CALLBACK_TURN:
                yield self._follow(self.callbacks.popleft())[0]
            else:
                yield from self._ipintr()

    def _ipintr(self) -> Iterator[list[Step]]:
        """Take packets off the IP input queue until it is empty, those that come meanwhile too."""
        while self.ipintrq and not self.panicked:
            self.kernel.ipintrq_len -= 1
            yield self._follow(self.ipintrq.popleft())[0]

    def _follow(self, first: HandOff) -> tuple[list[Step], str]:
        """Run ``first`` and all that it reaches by synchronous transfers; give the steps and the errno."""
        error, failures = "", 0
        steps: list[Step] = []
        pending: list[_Pending | _Due] = []
        work, hidden = first, NOTHING
        while True:
            step, verdict = self._visit(work)
            steps.append(step)
            if isinstance(verdict, HandOff):
                if verdict.via not in ASYNCHRONOUS and verdict.returned is None:
                    # The common end of a stage: straight on, past the stack of what waits.
                    work, hidden = verdict, hidden | {verdict.hides} if verdict.hides else hidden
                    continue
                self._pass_on(verdict, hidden, pending, _Due(verdict.returned, step, failures))
            elif isinstance(verdict, Split):
                for part in reversed(verdict.parts):
                    self._pass_on(part, hidden, pending, _Due(part.returned, step, failures))
            elif isinstance(verdict, Drop) and verdict.errno not in hidden:
                error = error or verdict.errno
                failures += bool(verdict.errno)
                if first.via == SYSCALL:
                    step.returned = verdict.errno or None
            waiting = self._waiting(pending, failures)
            if waiting is None:
                return steps, error
            work, hidden = waiting

    def _waiting(self, pending: list[_Pending | _Due], failures: int) -> _Pending | None:
        """Return from the callees that are at their end; give what comes next, None if nothing does."""
        while pending and not self.panicked:
            waiting = pending.pop()
            if not isinstance(waiting, _Due):
                return waiting
            self._return(waiting, failures)
        return None

    def _return(self, due: _Due, failures: int) -> None:
        """Count in a caller's row what it counts when the callee has returned."""
        if due.returned is None:
            return
        moved, counters = due.step.counters, self.kernel.counters
        for counter in due.returned.failed if failures > due.failures else due.returned.succeeded:
            moved[counter] = moved.get(counter, 0) + 1
            counters[counter] = counters.get(counter, 0) + 1

    def _pass_on(
        self, work: HandOff, hidden: frozenset[str], pending: list[_Pending | _Due], due: _Due
    ) -> None:
        """Queue what goes on later; put what goes on now on the stack, and what is due at its return."""
        if work.via in ASYNCHRONOUS:
            self.queue(work)
        else:
            if due.returned is not None:
                pending.append(due)
            pending.append((work, hidden | {work.hides} if work.hides else hidden))

    def _visit(self, work: HandOff) -> tuple[Step, Verdict]:
        """Run one stage over the packet and record it."""
        m, kernel, name = work.m, self.kernel, work.to.name
        self.row = m.row = row = self.row + 1
        m.stage = name
        changes: list[Change] = []
        moved: dict[str, int] = {}
        checks: list[Check] = []
        m.changes, kernel.moved, kernel.checks = changes, moved, checks
        before = m.marks
        stage = self.table[name]
        if m.echo != self._echo:
            self._turn_to(m.echo)
        self._rows += 1
        loops = self._rows > self.row_limit or self._bytes > BYTE_LIMIT
        verdict = LOOP if loops else stage.function(kernel, m, work.args)
        if isinstance(verdict, HandOff):
            to, errno, reason = verdict.to.name, None, ""
            if to not in stage.may_reach:
                _undeclared(stage, to)
        else:
            to, errno, reason = self._ended(verdict, m, stage)
        text = verdict.text
        counters = kernel.counters
        for counter, by in moved.items():
            counters[counter] = counters[counter] + by if counter in counters else by
        if self.after is not None:
            text = "; ".join(filter(None, (text, self.after(m))))
        check_marks(before, m)
        data, wire, shown = m.data, m.wire, None
        if wire is None or (data is not m.described and data != m.described):
            wire, shown = self.summarise(data), self.shown(data)
            m.wire, m.described = wire, data
            self._bytes += len(data)
        visit = m.visits[name] = m.visits.get(name, 0) + 1
        # In the order of the fields of Step.
        step = Step(
            row, m.echo, 0, name, visit, m.packet, work.via, wire, shown, m.marks, changes, checks,
            verdict.decision, to, errno, reason, None, moved, text,
        )  # fmt: skip
        return step, verdict

    def _turn_to(self, echo: int) -> None:
        """Go on with another request, and with the rows and bytes that it has had already."""
        self._spent[self._echo] = self._rows, self._bytes
        self._echo = echo
        self._rows, self._bytes = self._spent.pop(echo, (0, 0))

    def _ended(
        self, verdict: Split | Drop | Keep | Deliver | Panic, m: Mbuf, stage: Stage
    ) -> tuple[str, str | None, str]:
        """Carry out how a path ends or parts; give what takes the packet next, and errno and reason."""
        if isinstance(verdict, Drop):
            return "", verdict.errno or None, verdict.reason
        if isinstance(verdict, Deliver):
            self.deliver(verdict.to, m)
            return f"{SOCKET}{verdict.to}", None, ""
        if isinstance(verdict, Split):
            for part in verdict.parts:
                if part.to.name not in stage.may_reach:
                    _undeclared(stage, part.to.name)
            return verdict.parts[0].to.name, None, ""
        if isinstance(verdict, Panic):
            self.panicked = True
            return "", None, verdict.reason
        return "", None, ""


def _undeclared(stage: Stage, to: str) -> NoReturn:
    msg = f"{stage.symbol.name} hands off to {to}, which it does not declare"
    raise BrokenInvariantError(msg)
