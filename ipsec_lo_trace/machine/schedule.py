"""Who runs next: the next system call of a burst, a crypto callback, or the IP soft interrupt.

The kernel runs a system call to its end, a callback to its end, and ipintr until its queue is empty; what it
does first, when several can run, is the schedule's to say.  Each kind is first in, first out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final, Literal

Turn = Literal["s", "c", "n"]
"""A turn: a system call, a crypto callback, the soft interrupt (netisr)."""
SYSCALL_TURN: Final = "s"
CALLBACK_TURN: Final = "c"
NETISR_TURN: Final = "n"
Schedule = Callable[[Sequence[Turn]], Turn]
"""Chooses among the turns that can be taken, two or three, which come in the order s, c, n."""


def fifo(ready: Sequence[Turn]) -> Turn:
    """Take every system call of a burst, then every callback, then the soft interrupt."""
    return ready[0]


def eager(ready: Sequence[Turn]) -> Turn:
    """Let the kernel come to rest before the next system call."""
    return ready[1] if ready[0] == SYSCALL_TURN else ready[0]


def drawn(seed: int) -> Schedule:
    """Draw each turn, the same ones for the same seed on every machine."""
    generator = random.Random(seed)  # noqa: S311 -- to be repeated, not to be unguessable
    return lambda ready: ready[int(generator.random() * len(ready))]


def ordered(order: str) -> Schedule:
    """Take the turns in the given order where there is a choice; first in, first out behind its end."""
    turns = iter(order)

    def choose(ready: Sequence[Turn]) -> Turn:
        wanted = next(turns, ready[0])
        return next((turn for turn in ready if turn == wanted), ready[0])

    return choose


def parse_schedule(text: str) -> Schedule:
    """Return the schedule that a setup asks for; ``model.setup`` has checked it."""
    kind, _colon, rest = text.partition(":")
    if kind == "random":
        return drawn(int(rest))
    if kind == "order":
        return ordered(rest)
    return eager if kind == "eager" else fifo
