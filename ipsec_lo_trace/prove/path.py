"""Lazy forking: a variable stays undecided until something asks about it.

A variable has a few values, and what is still possible of it is a set of them, kept as an int with a bit for
each.  A run is told about its variables through a ``Path``.  Where a question splits what is possible, the
run goes on with one half, and the other half is run again later, from the start.

Variables are of two kinds.  Those of the *host* say what is configured, those of the *kernel* what it does.
A ``Leaf`` is a set of hosts with, for every kernel, what came of it: a fork about the kernel stays within the
leaf, a fork about the host makes two leaves, which keep what both have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

R = TypeVar("R")
Box = dict[str, int]
"""What is possible: of each variable a set of its values, each combination of them."""


class Leaf(msgspec.Struct, Generic[R]):
    """A set of hosts, and the kernels that were run over them: ``done`` says what came of each set of those.

    ``todo`` are the sets of kernels that are still to be run.
    """

    hosts: Box
    todo: list[Box]
    done: list[tuple[Box, R]]


class Path:
    """One run's view of the variables; answers, and notes what is left to be run."""

    def __init__(self, leaf: Leaf[R], kernels: Box, leaves: list[Leaf[R]]) -> None:
        """Run a leaf's hosts with these kernels; forks go to ``leaves`` and to the leaf itself."""
        self.hosts = leaf.hosts
        self.kernels = dict(kernels)
        self._leaf = leaf
        self._leaves: list[Leaf[R]] = leaves

    def ask(self, name: str, values: int) -> bool:
        """Tell whether a variable has one of these values; where both is possible, it has from now on."""
        box = self.hosts if name in self.hosts else self.kernels
        possible = box[name]
        inside = possible & values
        if not inside:
            return False
        if inside == possible:
            return True
        rest = {**box, name: possible & ~values}
        leaf = self._leaf
        if box is self.hosts:
            self._leaves.append(Leaf(rest, [*leaf.todo, dict(self.kernels)], list(leaf.done)))
        else:
            leaf.todo.append(rest)
        box[name] = inside
        return True

    def value(self, name: str) -> int:
        """Return the number of a variable's value: the first that is possible."""
        box = self.hosts if name in self.hosts else self.kernels
        lowest = box[name] & -box[name]
        self.ask(name, lowest)
        return lowest.bit_length() - 1


def explore(hosts: Box, kernels: Box, run: Callable[[Path], R]) -> Iterator[Leaf[R]]:
    """Yield the leaves of a scope, which have no host in common; each has every kernel once."""
    leaves: list[Leaf[R]] = [Leaf(dict(hosts), [dict(kernels)], [])]
    while leaves:
        leaf = leaves.pop()
        while leaf.todo:
            path = Path(leaf, leaf.todo.pop(), leaves)
            result = run(path)
            leaf.done.append((path.kernels, result))
        yield leaf


def size(box: Mapping[str, int]) -> int:
    """Count the combinations in a box."""
    product = 1
    for values in box.values():
        product *= values.bit_count()
    return product
