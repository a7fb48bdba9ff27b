"""What the tests of the proof share: hosts drawn out of a view, and what the classes say of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from random import Random

from ipsec_lo_trace.model.proof import Class
from ipsec_lo_trace.prove.claims import CLAIMS
from ipsec_lo_trace.prove.run import Piece, pieces, run_piece
from ipsec_lo_trace.prove.scope import SHAPES, View

EVERY_CLAIM = tuple(CLAIMS)


def numbers(values: int) -> list[int]:
    """List the numbers in a set."""
    return [at for at in range(values.bit_length()) if values >> at & 1]


def drawn(rng: Random, box: Mapping[str, int]) -> dict[str, int]:
    """Draw one combination out of a box."""
    return {name: rng.choice(numbers(values)) for name, values in box.items()}


def piece_of(program: str, view: View, host: Mapping[str, int]) -> Piece:
    """Return the only piece of a view that has a host."""
    first = host[SHAPES[view.shape].slots[0].name]
    (piece,) = (each for each in pieces([program], [view], EVERY_CLAIM) if each.first >> first & 1)
    return piece


def classes_of(program: str, view: View) -> list[Class]:
    """Run a whole view."""
    return [each for piece in pieces([program], [view], EVERY_CLAIM) for each in run_piece(piece)]


def said(classes: Iterable[Class], host: Mapping[str, int], strips: int, switch: int) -> dict[str, str]:
    """Return how each claim is broken over a host, under a kernel: one class has the host, and that once."""
    (found,) = (each for each in classes if _has(each.hosts, host))
    (came,) = (each for each in found.came if _in(each.strips, strips) and _in(each.switch, switch))
    return came.broken


def _has(hosts: Mapping[str, str], host: Mapping[str, int]) -> bool:
    return all(_in(hosts[name], value) for name, value in host.items())


def _in(values: str, value: int) -> bool:
    return bool(int(values, 16) >> value & 1)
