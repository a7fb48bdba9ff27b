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

    def lead(self, name: str) -> int:
        """Return what a run that is made for several boxes must answer for: here what is possible."""
        return self.possible(name)

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


Answer = tuple[str, int, bool]
"""Whether a variable has one of some values."""


class _Node(msgspec.Struct, Generic[R]):
    """A place in the tree of a memo: the answers that lead on from there, or what the run came to."""

    answers: list[tuple[Answer, _Node[R]]] = msgspec.field(default_factory=list)
    came: list[R] = msgspec.field(default_factory=list)


class Memo(Generic[R]):
    """A run that is not made again where all of its questions have been answered so before.

    It is made for everything that is possible of ``every``, as far as its own questions divide that, however
    little of it the path has left that it is made for.
    """

    def __init__(self, every: Box, run: Callable[[Path], R]) -> None:
        """Remember nothing yet."""
        self._every = every
        self._run = run
        self._root: _Node[R] = _Node()

    def __call__(self, path: Path) -> R:
        """Give what the run comes to on a path."""
        node, wide = self._root, _WidePath(path, self._every)
        while (following := _followed(node, path)) is not None:
            node = following
        if not node.came:
            node = self._root
            came = self._run(wide)
            for answer in wide.answers:
                node = _led(node, answer)
            node.came.append(came)
        return node.came[0]


def _followed(node: _Node[R], path: Path) -> _Node[R] | None:
    """Go where one of a node's answers leads that a path gives, or can give; None if there is none."""
    for (name, values, answer), following in node.answers:
        possible = path.possible(name)
        if possible & values == (possible if answer else 0):
            return following
    for (name, values, answer), following in node.answers:
        if path.ask(name, values if answer else ~values):
            return following
    return None


def _led(node: _Node[R], answer: Answer) -> _Node[R]:
    """Return where an answer leads from a node, from now on at least."""
    for given, following in node.answers:
        if given == answer:
            return following
    fresh: _Node[R] = _Node()
    node.answers.append((answer, fresh))
    return fresh


class _WidePath(Path):
    """A path of everything that is possible, which goes the way of another that has less left."""

    def __init__(self, path: Path, every: Box) -> None:
        super().__init__(dict(every), {}, lambda _hosts, _kernels: None)
        self._path = path
        self.answers: list[Answer] = []

    def lead(self, name: str) -> int:
        return self._path.possible(name)

    def ask(self, name: str, values: int) -> bool:
        every = self.hosts[name]
        answer = self._path.ask(name, values)
        self.hosts[name] = every & (values if answer else ~values)
        if self.hosts[name] != every:
            self.answers.append((name, values, answer))
        return answer


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
