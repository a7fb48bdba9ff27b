"""A command's work in pieces: worked on here, by any executor, or dealt out to several processes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

Piece = TypeVar("Piece")
Result = TypeVar("Result")
Promised_co = TypeVar("Promised_co", covariant=True)

AHEAD = 256
"""Pieces that an executor is given ahead of the one that is waited for; more would only cost memory."""


class Promise(Protocol[Promised_co]):
    """What an executor gives for a piece, as a future of concurrent.futures."""

    def result(self) -> Promised_co:
        """Wait for the result and return it, or raise what the piece raised."""
        ...


class Executor(Protocol):
    """Whatever runs a function elsewhere: an executor of concurrent.futures, or one that has its submit.

    It must be able to take a function of this package and plain data to where they run, and plain data back.
    """

    def submit(self, work: Callable[[Piece], Result], piece: Piece, /) -> Promise[Result]:
        """Have a piece worked on, and return at once."""
        ...


def in_order(
    work: Callable[[Piece], Result], pieces: Iterable[Piece], executor: Executor | None = None
) -> Iterator[Result]:
    """Yield the result of each piece, in the pieces' order, whoever works on them; what one raises comes out.

    Without an executor each is worked on here, when its result is asked for.  An executor is given AHEAD
    pieces more than are had back; whoever gives it must end it if this ends early.
    """
    if executor is None:
        yield from map(work, pieces)
        return
    waiting: deque[Promise[Result]] = deque()
    for piece in pieces:
        waiting.append(executor.submit(work, piece))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


class Shard(NamedTuple):
    """Share ``number`` of ``of``, from 1."""

    number: int
    of: int

    def takes(self, turn: int) -> bool:
        """Tell whether what is number ``turn`` belongs to this share: all are dealt out in turn, from 0."""
        return turn % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Shard(1, 1)
