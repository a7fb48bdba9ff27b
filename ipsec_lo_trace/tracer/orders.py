"""Every order of a burst: which endings there are, and a schedule that repeats each.

Each order is run from the start: its first turns are given, and from there on the first that is ready is
taken.  Wherever there is a choice, the other turns are put down as orders to be tried.  A run stops at a
state that another one has been in: what follows is known.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import closing

from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.schedule import Turn
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.orders import Ending, Orders
from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.policy import Direction
from ipsec_lo_trace.model.trace import SOCKET, Crossing, Step, Verdict
from ipsec_lo_trace.tracer.plan import Plan
from ipsec_lo_trace.tracer.tracing import Tracing

LIMIT = 5000
"""Runs that are made at most: a burst of two needs about a hundred, one of four some thousands."""


class _Known(Exception):  # noqa: N818 -- no error: it ends a run
    """The run has come to a state that another one has been in."""


class Search:
    """What all the runs share: the states they have been in, and the orders to be tried."""

    def __init__(self) -> None:
        self.states: set[Hashable] = set()
        self.waiting = deque([""])


class Order:
    """One run: the schedule of its machine, and what has become of its packets so far."""

    def __init__(self, turns: str, search: Search, plan: Plan, configuration: Configuration) -> None:
        self._turns = turns
        self._search = search
        self._taken = ""
        self._rows: dict[int, list[Hashable]] = {}
        self._ended: list[int] = []
        self._tracing = Tracing(plan, configuration, schedule=self._choose)

    def run(self) -> Ending | None:
        """Run it; None if it comes to a known state."""
        with closing(self._tracing.crossings) as crossings:
            try:
                for stretch in self._tracing.stretches():
                    for record in stretch:
                        if isinstance(record, Step):
                            self._note(record)
                        elif isinstance(record, Verdict):
                            return _ending(record, list(crossings), self._turns)
            except _Known:
                pass
        return None

    def _choose(self, ready: Sequence[Turn]) -> Turn:
        """Take the next turn of the order; behind its end the first, and put the others down."""
        at = len(self._taken)
        if at < len(self._turns):
            turn = next(turn for turn in ready if turn == self._turns[at])
        else:
            state = self.state()
            if state in self._search.states:
                raise _Known
            self._search.states.add(state)
            self._search.waiting.extend(self._taken + other for other in ready[1:])
            turn = ready[0]
        self._taken += turn
        return turn

    def _note(self, step: Step) -> None:
        """Put a row down, without its number: in another order it has another."""
        wire = step.wire
        marks = tuple((mark.name, mark.made_for, mark.spi) for mark in step.marks)
        answers = tuple((check.id, check.answer) for check in step.checks)
        seen = tuple(wire.proto), tuple(wire.spi), tuple(wire.seq), wire.len
        row = step.stage, step.packet, step.decision, step.to, step.reason, step.errno, seen, marks, answers
        self._rows.setdefault(step.echo, []).append(row)
        if step.reason or step.to.startswith(SOCKET):
            self._ended.append(step.echo)

    def state(self) -> Hashable:
        """Give what all that follows hangs on, and all that a verdict says of what was.

        That is what every packet has met, in which order the packets ended, what waits, what each policy has
        cached, and where each SA stands.
        """
        machine = self._tracing.machine
        waits = tuple(
            tuple((work.to.name, work.m.echo, work.m.packet) for work in queue)
            for queue in (machine.callbacks, machine.ipintrq)
        )
        met = tuple((echo, *rows) for echo, rows in sorted(self._rows.items()))
        return met, tuple(self._ended), waits, tuple(_shared(self._tracing.kernel))


def _shared(kernel: Kernel) -> Iterator[Hashable]:
    """Yield what the kernel keeps from one packet to the next."""
    for way in Direction:
        for sp in kernel.db.sptree[way]:
            yield from (isr.sav and isr.sav.tdbi for isr in sp.requests)
    for head in kernel.db.sahtree:
        for sav in head.savs:
            replay = sav.replay
            yield sav.state, replay and (replay.count, replay.lastseq, replay.bitmap)
    yield tuple(kernel.ipq)
    yield kernel.icmperrpps


def _ending(verdict: Verdict, crossings: list[Crossing], turns: str) -> Ending:
    return Ending(
        outcome=verdict.outcome,
        code=verdict.code,
        errno=verdict.errno,
        sent=verdict.sent,
        received=verdict.received,
        requests=_forms(crossings, requests=True),
        replies=_forms(crossings, requests=False),
        findings=sorted(finding.code for finding in verdict.findings),
        schedule=f"order:{turns}" if turns else "fifo",
    )


def _forms(crossings: list[Crossing], *, requests: bool) -> dict[str, int]:
    """Count the packets that crossed lo0 by their form."""
    chosen = (one for one in crossings if packet_name(one.packet).is_request == requests)
    return dict(sorted(Counter("/".join(one.proto) for one in chosen).items()))


def explore(plan: Plan, read: Callable[[], Configuration], limit: int = LIMIT) -> Orders:
    """Try every order; ``read`` gives the configuration afresh for each run.

    The endings come in the order in which they were found, first that of ``fifo``: the turns of a schedule
    are the fewest that part it from there.
    """
    search = Search()
    endings: dict[Hashable, Ending] = {}
    runs = 0
    while search.waiting and runs < limit:
        runs += 1
        ending = Order(search.waiting.popleft(), search, plan, read()).run()
        if ending is not None:
            endings.setdefault(_alike(ending), ending)
    return Orders(
        runs=runs, states=len(search.states), complete=not search.waiting, endings=list(endings.values())
    )


def _alike(ending: Ending) -> Hashable:
    """Give what two endings share that differ in their schedule alone."""
    forms = tuple(ending.requests.items()), tuple(ending.replies.items())
    told = ending.outcome, ending.code, ending.errno, ending.sent, ending.received
    return told, forms, tuple(ending.findings)
