"""Are pieces worked on in any executor, and are their results had back in order?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import pytest

from ipsec_lo_trace import run_matrix, run_proof
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.model.pieces import AHEAD, in_order
from ipsec_lo_trace.sweep.run import begin, go_on

Piece = TypeVar("Piece")
Result = TypeVar("Result")


class Later(Generic[Result]):
    """A result that is worked out when it is asked for, and nothing else."""

    def __init__(self, work: Callable[[], Result], out: list[int]) -> None:
        self._work, self._out = work, out

    def result(self) -> Result:
        """Work it out."""
        self._out[0] -= 1
        return self._work()


class Toy:
    """An executor with ``submit`` alone; ``most`` is how many pieces it ever had at once."""

    def __init__(self) -> None:
        self.out, self.most = [0], 0

    def submit(self, work: Callable[[Piece], Result], piece: Piece, /) -> Later[Result]:
        """Put a piece off."""
        self.out[0] += 1
        self.most = max(self.most, self.out[0])
        return Later(lambda: work(piece), self.out)


def test_results_come_in_order_and_few_are_ahead() -> None:
    """However many pieces there are, an executor has AHEAD more than are had back at most."""
    toy = Toy()
    assert list(in_order(str, range(AHEAD * 3), toy)) == [str(piece) for piece in range(AHEAD * 3)]
    assert toy.most == AHEAD + 1
    assert list(in_order(str, [], toy)) == []
    assert list(in_order(str, range(3))) == ["0", "1", "2"]


def test_what_a_piece_raises_comes_out() -> None:
    """An error of a piece is the caller's, after the results before it, here and in an executor."""
    with ThreadPoolExecutor(1) as threads:
        for executor in (None, Toy(), threads):
            results = in_order(int, ["1", "one"], executor)
            assert next(results) == 1
            with pytest.raises(ValueError, match="one"):
                next(results)


@pytest.mark.slow
def test_submit_and_result_are_enough() -> None:
    """An executor that has nothing but ``submit`` makes the same table, sweep and proof."""
    rows = [row for row in all_rows() if row.program == "probe tcp-closed"]
    assert run_matrix(rows, ["none"], executor=Toy()) == run_matrix(rows, ["none"])
    here, there = begin(3), begin(3)
    go_on(here, 25)
    go_on(there, 25, executor=Toy())
    assert there == here
    told: list[int] = []
    proof = run_proof(["no-stale"], scope="first", executor=Toy(), progress=told.append)
    assert proof == run_proof(["no-stale"], scope="first")
    assert told == [1, 2, 3]
