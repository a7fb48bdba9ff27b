"""Is what a proof says of a class what comes of each of its cases, run the ordinary way?"""

from __future__ import annotations

from random import Random

import pytest

from ipsec_lo_trace.prove.claims import together
from ipsec_lo_trace.prove.concrete import broken_of
from ipsec_lo_trace.prove.kernels import SWITCH
from ipsec_lo_trace.prove.path import explore, size
from ipsec_lo_trace.prove.run import Piece, Runner, class_of, pieces, run_piece
from ipsec_lo_trace.prove.scope import FIRST, VIEWS, View, hosts_of, kernels_of, programs
from ipsec_lo_trace.prove.shapes import SHAPES
from tests.prove.exhaustive import SCOPES, SMALL, Scope, cases
from tests.prove.support import EVERY_CLAIM, Said, classes_of, drawn, numbers, part


@pytest.mark.slow
@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_host_of_a_small_scope_is_as_its_class_says(scope: Scope) -> None:
    """Over every host, and kernel by kernel in turns, each claim is broken as the class says, or holds."""
    wrong = [case for case in cases(scope, scope.step) if case.ran != case.said]
    assert not wrong


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_random_cases_are_as_their_class_says(view: View) -> None:
    """Of every program random parts of a view are proved, and random cases in them run the ordinary way."""
    rng = Random(str(view))  # noqa: S311 -- no secret: the same cases in every run
    for program in programs():
        kernels = kernels_of(view, program)
        hosts = part(rng, hosts_of(view), 2)
        some = part(rng, {SWITCH: kernels.every[SWITCH]}, 3)
        some[SWITCH] |= 1  # the kernel that the others are held against
        classes = []
        for claims in together(EVERY_CLAIM):
            run = Runner(Piece(program, view, claims, 0), SHAPES[view.shape], kernels)
            leaves = explore(hosts, kernels.every | some, run)
            classes += [class_of(program, view, leaf.hosts, run.judged(leaf)) for leaf in leaves]
        said = Said(classes)
        for _ in range(6):
            host, strips = drawn(rng, hosts), rng.randrange(len(kernels.strips))
            switch = rng.choice(numbers(some[SWITCH]))
            ran = broken_of(program, view, host, strips, switch, EVERY_CLAIM)
            assert ran == said.of(host, strips, switch), (program, host, strips, switch)


@pytest.mark.slow
@pytest.mark.parametrize("program", programs())
def test_classes_have_every_host_and_kernel_once(program: str) -> None:
    """The sizes of the classes add up to the view's, and in each class those of the kernels' sets do."""
    for view in (FIRST, View("one-address", "strips", "all"), SMALL):
        classes = classes_of(program, view)
        for claims in together(EVERY_CLAIM):
            about = [one for one in classes if one.claims == sorted(claims)]
            whole = [{name: int(values, 16) for name, values in one.hosts.items()} for one in about]
            assert sum(map(size, whole)) == size(hosts_of(view))
        every = size(kernels_of(view, program).every)
        for one in classes:
            boxes = [{"strips": int(came.strips, 16), "switch": int(came.switch, 16)} for came in one.came]
            assert sum(map(size, boxes)) == every


def test_pieces_part_a_view() -> None:
    """The pieces have every value of the first variable once, and the rest of the hosts whole."""
    for view in (*VIEWS, FIRST):
        parts = [piece.first for piece in pieces(["ping"], [view], ["daemon"])]
        assert sum(parts) == hosts_of(view)[SHAPES[view.shape].first]
        assert sum(each.bit_count() for each in parts) == sum(parts).bit_count()


def test_a_piece_says_the_same_twice() -> None:
    """A piece has the same classes in the same order, whenever it is run."""
    piece = next(iter(pieces(["ping"], [FIRST], EVERY_CLAIM)))
    assert run_piece(piece) == run_piece(piece)
