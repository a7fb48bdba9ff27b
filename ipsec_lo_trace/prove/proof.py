"""Prove claims: run every piece of a scope, wherever, and put the classes together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ipsec_lo_trace import __version__
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.pieces import WHOLE, Executor, Shard, in_order
from ipsec_lo_trace.model.proof import CLAIMS, Head, Proof
from ipsec_lo_trace.model.suggest import hint, listed, same
from ipsec_lo_trace.prove.claims import ROW_LIMIT
from ipsec_lo_trace.prove.kernels import Kernels
from ipsec_lo_trace.prove.run import Piece, pieces, run_piece
from ipsec_lo_trace.prove.scope import SCOPES, kernels_of, views_of
from ipsec_lo_trace.prove.scope import programs as every_program
from ipsec_lo_trace.prove.shapes import SHAPES

Told = Callable[[Proof], None]


def begun(
    claims: Sequence[str] = (),
    *,
    programs: Sequence[str] = ("ping",),
    scope: str = "whole",
    shard: Shard = WHOLE,
) -> Proof:
    """Begin a proof of some claims, all unless given, with nothing done; UserError for what there is not."""
    if not programs:
        raise UserError("no program is named, and a claim is about one", hint="ping, or a probe")
    claims, programs = _known(claims, CLAIMS, "claim"), _known(programs, every_program(), "probe")
    [scope] = _known([scope], SCOPES, "scope")
    views = list(dict.fromkeys(view for program in programs for view in views_of(scope, program)))
    head = Head(
        tool=f"ipsec-lo-trace {__version__}",
        scope=scope,
        claims=[claim for claim in CLAIMS if claim in claims or not claims],
        programs=programs,
        views=[str(view) for view in views],
        row_limit=ROW_LIMIT,
        hosts={str(view): SHAPES[view.shape].texts for view in views},
        strips={name: _strips(kernels_of(views[0], name)) for name in programs},
        switches={str(view): list(kernels_of(view, programs[0]).turned) for view in views},
        shard=shard.number,
        shards=shard.of,
        pieces=0,
    )
    head.pieces = len(_pieces(head))
    return Proof(head, [])


def _known(names: Iterable[str], known: Iterable[str], what: str) -> list[str]:
    """Return names as they are spelt here, each once; UserError for one that there is not."""
    there = list(known)
    for name in names:
        if not same(name, there):
            near = hint(name, there, listed(f"{what}s"))
            raise UserError(f"{what} {name}: no such {what}", token=name, hint=near)
    return list(dict.fromkeys(same(name, there) for name in names))


def go_on(proof: Proof, *, executor: Executor | None = None, told: Told | None = None) -> None:
    """Run the pieces that are not done; ``told`` is called with the proof after each.

    ``executor`` is any that has the submit of concurrent.futures; without one they run here.  The proof is
    the same whatever runs it.
    """
    for lines in in_order(run_piece, _pieces(proof.head)[proof.head.done :], executor):
        proof.lines += lines
        proof.head.done += 1
        if told is not None:
            told(proof)


def run_proof(
    claims: Sequence[str] = (),
    *,
    programs: Sequence[str] = ("ping",),
    scope: str = "whole",
    executor: Executor | None = None,
    progress: Callable[[int], None] | None = None,
) -> Proof:
    """Prove some claims, all unless given, for ping or the probes that ``programs`` names.

    ``scope`` is whole, quick or first.  ``executor`` is any executor of concurrent.futures, or what has its
    ``submit``, that can take a function of this package and plain data to where it runs; without one the
    pieces run here.  The proof is the same whatever runs it.  ``progress`` is told how many pieces are done.
    UserError for a name that there is not.
    """
    proof = begun(claims, programs=programs, scope=scope)
    go_on(proof, executor=executor, told=progress and (lambda done: progress(done.head.done)))
    return proof


prove = run_proof
"""The same; outside this room the name is the room's."""


def merged(parts: Sequence[Proof]) -> Proof:
    """Put the shares of one proof together."""
    head = begun(parts[0].head.claims, programs=parts[0].head.programs, scope=parts[0].head.scope).head
    head.done = head.pieces
    return Proof(head, [line for part in parts for line in part.lines])


def _pieces(head: Head) -> list[Piece]:
    """List the pieces of a share: all are dealt out in turn."""
    share = Shard(head.shard, head.shards)
    every = (
        piece
        for program in head.programs
        for piece in pieces([program], views_of(head.scope, program), head.claims)
    )
    return [piece for turn, piece in enumerate(every) if share.takes(turn)]


def _strips(kernels: Kernels) -> list[str]:
    return [kernels.strip_text(number) for number in range(len(kernels.strips))]
