"""Long repeats: the same stages again and again, shown once and counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import msgspec

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import Step

MOST_STAGES = 32
"""The longest round that is found."""
LEAST_ROUNDS = 4
"""So many rounds alike are folded, the first of them shown."""
Shape = tuple[int, str, str, str, str, bool]


class Hidden(msgspec.Struct, frozen=True):
    """A row that is folded away, for those who follow marks or bytes."""

    step: Step


class Repeat(msgspec.Struct, frozen=True):
    """The rows that were folded: ``rounds`` of so many ``stages``, behind one that was shown.

    ``growth`` is how many bytes longer the packet is after each round, None if that differs.
    """

    first: int
    last: int
    stages: int
    rounds: int
    growth: int | None

    @property
    def words(self) -> str:
        """Say what is folded."""
        stages = "the same stage" if self.stages == 1 else f"the same {self.stages} stages"
        longer = ""
        if self.growth:
            longer = f", {abs(self.growth)} bytes {'longer' if self.growth > 0 else 'shorter'} each time"
        return f"rows {self.first:,} to {self.last:,}: {stages} {self.rounds:,} times more{longer}"


def folded(steps: Iterable[Step]) -> Iterator[Step | Hidden | Repeat]:
    """Yield the rows; every long repeat is hidden behind its first round, and counted at its end."""
    rows = _Window(iter(steps))
    while rows.fill(1):
        period = rows.period()
        for _stage in range(max(period, 1)):
            step = rows.take()
            yield step
        if period:
            yield from _repeat(rows, period, step.wire.len)


def _repeat(rows: _Window, period: int, length: int) -> Iterator[Hidden | Repeat]:
    """Hide the rounds ahead that are like the first of them."""
    wanted = rows.ahead(period)
    first = last = 0
    rounds = 0
    growths = set()
    while rows.ahead(period) == wanted:
        for _stage in range(period):
            step = rows.take()
            first, last = first or step.row, step.row
            yield Hidden(step)
        growths.add(step.wire.len - length)
        length = step.wire.len
        rounds += 1
    yield Repeat(first, last, period, rounds, growths.pop() if len(growths) == 1 else None)


class _Window:
    """The rows ahead, with what of each makes two rows alike."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps
        self._ahead: deque[Step] = deque()
        self._shapes: deque[Shape] = deque()
        self._packets: dict[int, str] = {}

    def fill(self, count: int) -> bool:
        """Look so many rows ahead; tell whether there are as many."""
        while len(self._ahead) < count:
            step = next(self._steps, None)
            if step is None:
                return False
            self._ahead.append(step)
            self._shapes.append(_shape(step, self._packets.get(step.echo, step.packet)))
            self._packets[step.echo] = step.packet
        return True

    def take(self) -> Step:
        """Take the next row."""
        self._shapes.popleft()
        return self._ahead.popleft()

    def ahead(self, count: int) -> list[Shape]:
        """Return the shapes of so many rows ahead, or of those that there are."""
        self.fill(count)
        return list(islice(self._shapes, count))

    def period(self) -> int:
        """Return how many rows ahead make a round that comes often enough; 0 if none does."""
        ahead = self.ahead(MOST_STAGES * LEAST_ROUNDS)
        for period in range(1, len(ahead) // LEAST_ROUNDS + 1):
            if ahead[period] == ahead[0] and ahead[: period * LEAST_ROUNDS] == ahead[:period] * LEAST_ROUNDS:
                return period
        return 0


def _shape(step: Step, before: str) -> Shape:
    """Give what two rows share that do the same to a packet, or to what came of it."""
    part = packet_name(step.packet).part
    return step.echo, part, step.stage, step.decision, step.reason, step.packet != before
