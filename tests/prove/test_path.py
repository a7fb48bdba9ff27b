"""Does lazy forking miss no combination, and run none twice?"""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.prove.path import Leaf, Path, explore, size
from tests.prove.support import hosts_in

HOSTS = {"a": 0b111, "b": 0b11, "c": 0b1111}
KERNELS = {"s": 0b11111, "t": 0b11}
EVERY = HOSTS | KERNELS
Tree: TypeAlias = "int | tuple[str, int, Tree, Tree]"
"""A program: a result, or a question about a variable with what follows on yes and on no."""


def grown(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Put a question in front of two programs; it may be of no value, or of all."""
    asked = st.sampled_from(list(EVERY)).flatmap(
        lambda name: st.tuples(st.just(name), st.integers(0, EVERY[name]))
    )
    return st.tuples(asked, trees, trees).map(lambda parts: (*parts[0], *parts[1:]))


TREES: st.SearchStrategy[Tree] = st.recursive(st.integers(0, 3), grown, max_leaves=20)


def run(tree: Tree, path: Path) -> int:
    """Run a program, asking as it goes."""
    while not isinstance(tree, int):
        name, values, yes, no = tree
        tree = yes if path.ask(name, values) else no
    return tree


def plainly(tree: Tree, chosen: dict[str, int]) -> int:
    """Run a program over one combination."""
    while not isinstance(tree, int):
        name, values, yes, no = tree
        tree = yes if values >> chosen[name] & 1 else no
    return tree


def has(box: dict[str, int], chosen: dict[str, int]) -> bool:
    """Tell whether a combination is in a box."""
    return all(box[name] >> value & 1 for name, value in chosen.items())


def leaves_of(tree: Tree) -> list[Leaf[int]]:
    """Run a program over everything."""
    return list(explore(dict(HOSTS), dict(KERNELS), lambda path: run(tree, path)))


@given(TREES)
def test_leaves_are_disjoint_and_have_every_host(tree: Tree) -> None:
    """Every host is in one leaf, so the leaves' sizes add up."""
    leaves = leaves_of(tree)
    for host in hosts_in(HOSTS):
        assert sum(has(leaf.hosts, host) for leaf in leaves) == 1
    assert sum(size(leaf.hosts) for leaf in leaves) == size(HOSTS)


@given(TREES)
def test_a_leaf_has_every_kernel_once(tree: Tree) -> None:
    """In a leaf every kernel is in one entry, and nothing is left to be run."""
    for leaf in leaves_of(tree):
        assert not leaf.todo
        for kernel in hosts_in(KERNELS):
            assert sum(has(box, kernel) for box, _ in leaf.done) == 1
        assert sum(size(box) for box, _ in leaf.done) == size(KERNELS)


@given(TREES)
def test_what_came_is_what_comes_of_each_by_itself(tree: Tree) -> None:
    """The result of a leaf's entry is that of every host in the leaf under every kernel in the entry."""
    for leaf in leaves_of(tree):
        for host in hosts_in(leaf.hosts):
            for box, result in leaf.done:
                for kernel in hosts_in(box):
                    assert plainly(tree, host | kernel) == result


@given(TREES)
def test_nothing_is_run_that_nobody_asked_to_part(tree: Tree) -> None:
    """There are no more runs than the program has ends, times what leaves have in common by their kernels."""
    runs = 0

    def counted(path: Path) -> int:
        nonlocal runs
        runs += 1
        return run(tree, path)

    leaves = list(explore(dict(HOSTS), dict(KERNELS), counted))
    assert len(leaves) <= runs
    if isinstance(tree, int):
        assert (len(leaves), runs) == (1, 1)


def test_a_box_counts_its_combinations() -> None:
    """A box of three by two by four values has 24, and one with an empty set has none."""
    assert size(HOSTS) == 24
    assert size(HOSTS | {"a": 0}) == 0
