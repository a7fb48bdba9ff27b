"""Run a sweep's cases in their order, in pieces that any executor may share out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, tee
from typing import NamedTuple

import msgspec

from ipsec_lo_trace import __version__
from ipsec_lo_trace.fixes.fix import UNPATCHED, all_fixes
from ipsec_lo_trace.model.pieces import Executor, Shard, in_order
from ipsec_lo_trace.model.setup import check_number
from ipsec_lo_trace.model.sweep import CASES, MAX_CASES, Broken, Sweep, SweepPart
from ipsec_lo_trace.sweep.draw import draw, programs
from ipsec_lo_trace.sweep.examine import Examined, examine
from ipsec_lo_trace.sweep.laws import Breach
from ipsec_lo_trace.sweep.shrink import breaks, shrink

PIECE = 20
"""Cases that are run at once, and after which a sweep can be stopped."""

Told = Callable[[Sweep], None]


def run_sweep(
    cases: int = CASES,
    seed: int = 0,
    *,
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Sweep:
    """Run so many random cases of a seed under every fix, and hold each run to the laws.

    ``executor`` is any executor of concurrent.futures, or what has its ``submit``, that can take a function
    of this package and some numbers to where it runs; without one the cases run here.  The sweep is the same
    whatever runs it.  ``progress`` is told how many cases are done.  UserError if there are no such cases.
    """
    check_number("cases", cases, (1, MAX_CASES))
    check_number("seed", seed)
    sweep = begin(seed)
    go_on(sweep, cases, executor=executor, told=progress and (lambda done: progress(done.done)))
    return sweep


def begin(seed: int, shard: Shard | None = None) -> Sweep:
    """Begin a sweep over every fix with a seed, or a share of one; no case is run yet."""
    fixes = [fix.name for fix in all_fixes()]
    sweep = Sweep.begun(tool=f"ipsec-lo-trace {__version__}", seed=seed, fixes=fixes, programs=programs())
    if shard is None:
        return sweep
    return SweepPart(shard=shard.number, shards=shard.of, **msgspec.structs.asdict(sweep))


def go_on(sweep: Sweep, cases: int, *, executor: Executor | None = None, told: Told | None = None) -> int:
    """Run the cases up to ``cases`` that are its and are not done, enter what they come to; say how many ran.

    ``executor`` is any executor of concurrent.futures, or what has its ``submit``, which whoever gives it
    must end if this ends early; without one they run here.  The sweep is the same whatever runs it.  ``told``
    is called with it after every piece.
    """
    pieces, again = tee(_pieces(sweep, cases))
    work, ran = partial(run_piece, sweep.fixes), 0
    for piece, examined in zip(again, in_order(work, pieces, executor), strict=True):
        for number, each in enumerate(examined, start=piece.first):
            _add(sweep, number, each)
        ran += len(examined)
        sweep.done = piece.last
        if told is not None:
            told(sweep)
    if sweep.done < cases:  # what is left is another share's
        sweep.done = cases
        if told is not None:
            told(sweep)
    return ran


class Piece(NamedTuple):
    """The cases of a seed from ``first`` to ``last``."""

    seed: int
    first: int
    last: int


def _pieces(sweep: Sweep, cases: int) -> Iterator[Piece]:
    """Cut what is not done into pieces, dealt out in turn; they end at round numbers, wherever it goes on."""
    done = sweep.done
    for start in chain([done], range(done - done % PIECE + PIECE, cases, PIECE)):
        if sweep.share.takes(start // PIECE):
            yield Piece(sweep.seed, start + 1, min(start - start % PIECE + PIECE, cases))


def run_piece(fixes: list[str], piece: Piece) -> list[Examined]:
    """Run the cases of a piece."""
    return [examine(draw(piece.seed, number), fixes) for number in range(piece.first, piece.last + 1)]


def _add(sweep: Sweep, number: int, examined: Examined) -> None:
    for fix, outcome in examined.outcomes:
        sweep.outcomes[fix][outcome] += 1
    for breach in examined.broken:
        same = (each for each in sweep.broken if (each.law, each.way) == (breach.law, breach.way))
        broken = next(same, None) or _shrunk(sweep, number, breach)
        broken.add(breach.fix, 1, sweep.fixes)


def _shrunk(sweep: Sweep, number: int, breach: Breach) -> Broken:
    """Enter a breach of a new kind, with the case shrunk."""
    case = shrink(draw(sweep.seed, number), breach)
    told = breaks(case, breach) or breach
    compared = [UNPATCHED] if breach.law == "worse-than-none" else []
    broken = Broken(
        law=breach.law,
        known=breach.known,
        fixes={},
        first=number,
        fix=breach.fix,
        code=breach.code,
        text=told.text,
        config=case.text,
        commands=[case.command(fix) for fix in (*compared, breach.fix)],
    )
    sweep.broken.append(broken)
    return broken
