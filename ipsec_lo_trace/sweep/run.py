"""Run a sweep's cases in their order, in pieces that any executor may share out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from ipsec_lo_trace import __version__
from ipsec_lo_trace.fixes.fix import UNPATCHED, all_fixes
from ipsec_lo_trace.model.pieces import Executor, in_order
from ipsec_lo_trace.model.sweep import Broken, Sweep
from ipsec_lo_trace.sweep.draw import draw, programs
from ipsec_lo_trace.sweep.examine import Examined, examine
from ipsec_lo_trace.sweep.laws import Breach
from ipsec_lo_trace.sweep.shrink import breaks, shrink

PIECE = 20
"""Cases that are run at once, and after which a sweep can be stopped."""

Told = Callable[[Sweep], None]


def begin(seed: int) -> Sweep:
    """Begin a sweep over every fix with a seed; no case is run yet."""
    fixes = [fix.name for fix in all_fixes()]
    return Sweep.begun(tool=f"ipsec-lo-trace {__version__}", seed=seed, fixes=fixes, programs=programs())


def go_on(sweep: Sweep, cases: int, *, executor: Executor | None = None, told: Told | None = None) -> None:
    """Run the cases up to ``cases`` that are not done, and put their results into the sweep.

    ``executor`` is any executor of concurrent.futures, or what has its ``submit``, which whoever gives it
    must end if this ends early; without one they run here.  The sweep is the same whatever runs it.  ``told``
    is called with it after every piece.
    """
    work = partial(run_piece, sweep.fixes)
    for examined in in_order(work, _pieces(sweep.seed, sweep.done, cases), executor):
        for each in examined:
            sweep.done += 1
            _add(sweep, each)
        if told is not None:
            told(sweep)


class Piece(NamedTuple):
    """The cases of a seed from ``first`` to ``last``."""

    seed: int
    first: int
    last: int


def _pieces(seed: int, done: int, cases: int) -> Iterator[Piece]:
    """Cut what is not done into pieces; they end at round numbers, wherever the sweep goes on."""
    for start in (done, *range(done - done % PIECE + PIECE, cases, PIECE)):
        yield Piece(seed, start + 1, min(start - start % PIECE + PIECE, cases))


def run_piece(fixes: list[str], piece: Piece) -> list[Examined]:
    """Run the cases of a piece."""
    return [examine(draw(piece.seed, number), fixes) for number in range(piece.first, piece.last + 1)]


def _add(sweep: Sweep, examined: Examined) -> None:
    for fix, outcome in examined.outcomes:
        sweep.outcomes[fix][outcome] += 1
    for breach in examined.broken:
        same = (each for each in sweep.broken if (each.law, each.way) == (breach.law, breach.way))
        broken = next(same, None) or _shrunk(sweep, breach)
        broken.fixes[breach.fix] = broken.fixes.get(breach.fix, 0) + 1


def _shrunk(sweep: Sweep, breach: Breach) -> Broken:
    """Enter a breach of a new kind, with the case shrunk."""
    case = shrink(draw(sweep.seed, sweep.done), breach)
    told = breaks(case, breach) or breach
    compared = [UNPATCHED] if breach.law == "worse-than-none" else []
    broken = Broken(
        law=breach.law,
        known=breach.known,
        fixes={},
        first=sweep.done,
        fix=breach.fix,
        code=breach.code,
        text=told.text,
        config=case.text,
        commands=[case.command(fix) for fix in (*compared, breach.fix)],
    )
    sweep.broken.append(broken)
    return broken
