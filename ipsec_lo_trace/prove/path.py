"""Lazy forking: a variable stays undecided until something asks about it.

A variable has a few values, and what is still possible of it is a set of them, kept as an int with a bit for
each.  A run is told about its variables through a ``Path``.  Where a question splits what is possible, the
run goes on with one part, and the other is run again later, from the start.

Variables are of two kinds.  Those of the *host* say what is configured, those of the *kernel* what it does.
A ``Leaf`` is a set of hosts with, for every kernel, what came of it: a fork about the kernel stays within the
leaf, a fork about the host makes two leaves, and each keeps what was found before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

R = TypeVar("R")
Box = dict[str, int]
"""What is possible: of each variable a set of its values, and with them every combination."""


class Leaf(msgspec.Struct, Generic[R]):
    """A set of hosts, and the kernels that were run over them: ``done`` says what came of each set of those.

    ``todo`` are the sets of kernels that are still to be run.
    """

    hosts: Box
    todo: list[Box]
    done: list[tuple[Box, R]]


class Path:
    """One run's view of the variables; answers, and notes what is left to be run."""

    def __init__(self, hosts: Box, kernels: Box, fork: Callable[[Box, Box], None]) -> None:
        """Begin with everything possible; ``fork`` is told the hosts and the kernels that are left out."""
        self.hosts = hosts
        self.kernels = kernels
        self._fork = fork

    def possible(self, name: str) -> int:
        """Return what is possible of a variable now."""
        return self.hosts[name] if name in self.hosts else self.kernels[name]

    def ask(self, name: str, values: int) -> bool:
        """Tell whether a variable has one of these values; where it may or may not, it has from now on."""
        about_host = name in self.hosts
        box = self.hosts if about_host else self.kernels
        inside = box[name] & values
        if inside and inside != box[name]:
            rest = {**box, name: box[name] & ~values}
            if about_host:
                self._fork(rest, dict(self.kernels))
            else:
                self._fork(self.hosts, rest)
            box[name] = inside
        return bool(inside)


def explore(hosts: Box, kernels: Box, run: Callable[[Path], R]) -> Iterator[Leaf[R]]:
    """Yield the leaves of a scope: no two have a host in common, and each has every kernel once."""
    leaves: list[Leaf[R]] = [Leaf(dict(hosts), [dict(kernels)], [])]
    while leaves:
        leaf = leaves.pop()
        while leaf.todo:
            path = Path(leaf.hosts, dict(leaf.todo.pop()), _forker(leaf, leaves))
            result = run(path)
            leaf.done.append((path.kernels, result))
        yield leaf


def _forker(leaf: Leaf[R], leaves: list[Leaf[R]]) -> Callable[[Box, Box], None]:
    """Make what keeps the other part of a fork: in a leaf of its own if that is about the hosts."""

    def fork(hosts: Box, kernels: Box) -> None:
        if hosts is leaf.hosts:
            leaf.todo.append(kernels)
        else:
            leaves.append(Leaf(hosts, [*leaf.todo, kernels], list(leaf.done)))

    return fork


def numbers(values: int) -> Iterator[int]:
    """Yield the numbers in a set, least first."""
    while values:
        yield (values & -values).bit_length() - 1
        values &= values - 1


def size(box: Mapping[str, int]) -> int:
    """Count the combinations in a box."""
    product = 1
    for values in box.values():
        product *= values.bit_count()
    return product
