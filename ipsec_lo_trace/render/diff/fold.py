"""Fold what needs no second look: rows that are the same, and echoes that differ as the one before did."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import msgspec

from ipsec_lo_trace.render.diff.compare import SAME, Pair


class Folded(msgspec.Struct):
    """A stretch of rows that are the same in both traces: how many, and its first and last pair."""

    count: int
    first: Pair
    last: Pair


class Again(msgspec.Struct):
    """Echoes ``first`` to ``last`` (by number) that differ in the same rows and fields as the one before."""

    first: int
    last: int


Item = Pair | Folded | Again


class Folder:
    """Folds same rows, but for ``context`` of them before and after each that differs."""

    def __init__(self, context: int) -> None:
        """Begin before the first row."""
        self._context = context
        self._near: deque[Pair] = deque()
        self._folded: Folded | None = None
        self._owed = 0

    def feed(self, pair: Pair) -> Iterator[Item]:
        """Take the next pair; give what can be shown now."""
        if pair.op is not SAME:
            yield from self._release()
            yield from self._near
            self._near.clear()
            self._owed = self._context
            yield pair
        elif self._owed:
            self._owed -= 1
            yield pair
        else:
            self._near.append(pair)
            if len(self._near) > self._context:
                self._hide(self._near.popleft())

    def end(self) -> Iterator[Item]:
        """Yield what is left: nothing that differs comes any more."""
        for pair in self._near:
            self._hide(pair)
        self._near.clear()
        self._owed = 0
        yield from self._release()

    def _hide(self, pair: Pair) -> None:
        if self._folded is None:
            self._folded = Folded(0, pair, pair)
        self._folded.count += 1
        self._folded.last = pair

    def _release(self) -> Iterator[Item]:
        if self._folded is not None:
            yield self._folded
        self._folded = None


def fold(echoes: Iterable[list[Pair]], context: int) -> Iterator[Item]:
    """Yield what a view has to show, in order."""
    folder = Folder(context)
    shown: object = None
    again: Again | None = None
    for pairs in echoes:
        shape = _shape(pairs)
        if shape and shape == shown:
            if again is None:
                yield from folder.end()
                again = Again(pairs[0].step.echo, 0)
            again.last = pairs[0].step.echo
            continue
        if again is not None:
            yield again
            again = None
        shown = shape
        for pair in pairs:
            yield from folder.feed(pair)
    yield from folder.end()
    if again is not None:
        yield again


def _shape(pairs: list[Pair]) -> object:
    """Say where an echo differs and in what, but not how; empty if it does not."""
    found = (pair for pair in pairs if pair.op is not SAME)
    return [(pair.op, pair.step.packet, pair.step.stage, pair.step.visit, pair.fields) for pair in found]
