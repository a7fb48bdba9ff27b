"""Bring the rows of two traces side by side, echo by echo, whatever their numbers.

Within an echo, rows are matched by packet, stage and visit, so that a row that only one trace has leaves the
others where they belong.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator, Sequence

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Step

Echo = tuple[int, list[Step]]


def by_echo(steps: Iterable[Step], preload: int, name: str = "") -> Iterator[Echo]:
    """Yield each echo's number with its rows, echoes in order.

    Echoes up to ``preload`` run side by side and are held until a later one begins; those after them come
    one at a time, so no more is in memory than was under way at once.  UserError if an echo comes back;
    ``name`` is the trace's.
    """
    held: dict[int, list[Step]] = {}
    done = 0
    for step in steps:
        rows = held.get(step.echo)
        if rows is None:
            if step.echo > preload and held:
                yield from sorted(held.items())
                done = max(held)
                held = {}
            if step.echo <= done:
                raise UserError(f"row {step.row}: echo {step.echo} goes on after echo {done}", file=name)
            rows = held[step.echo] = []
        rows.append(step)
    yield from sorted(held.items())


def side_by_side(a: Iterator[Echo], b: Iterator[Echo]) -> Iterator[tuple[list[Step], list[Step]]]:
    """Yield the rows of each echo in both traces; an empty list where a trace has no such echo."""
    one, other = next(a, None), next(b, None)
    while one is not None or other is not None:
        number = min(echo[0] for echo in (one, other) if echo is not None)
        left: list[Step] = []
        right: list[Step] = []
        if one is not None and one[0] == number:
            left, one = one[1], next(a, None)
        if other is not None and other[0] == number:
            right, other = other[1], next(b, None)
        yield left, right


def matched(a: list[Step], b: list[Step]) -> Iterator[tuple[Step | None, Step | None]]:
    """Pair the rows of one echo by a longest common subsequence; None stands for a row that is not there."""
    keys, others = _keys(a), _keys(b)
    if keys == others:
        yield from zip(a, b, strict=True)
        return
    at, other_at = 0, 0
    for here, there in [*_longest(keys, others), (len(a), len(b))]:
        yield from ((step, None) for step in a[at:here])
        yield from ((None, step) for step in b[other_at:there])
        if here < len(a):
            yield a[here], b[there]
        at, other_at = here + 1, there + 1


def _keys(rows: list[Step]) -> list[Hashable]:
    """Name each row by packet, stage and visit; if a name comes twice, by how often it came before too."""
    keys: list[Hashable] = [(step.packet, step.stage, step.visit) for step in rows]
    if len(set(keys)) == len(keys):
        return keys
    came: dict[Hashable, int] = {}
    for at, key in enumerate(keys):
        before = came[key] = came.get(key, 0) + 1
        if before > 1:
            keys[at] = (key, before)
    return keys


def _longest(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return the positions of a longest common subsequence of two sequences without repetitions.

    Each element of ``a`` has at most one place in ``b``, so it is a longest increasing run of these places,
    found in n log n steps.
    """
    place = {key: there for there, key in enumerate(b)}
    common = [(here, place[key]) for here, key in enumerate(a) if key in place]
    ends: list[int] = []  # ends[n]: the smallest place in b that a run of n + 1 elements can end at
    last: list[int] = []  # last[n]: which element of common that is
    before: list[int] = []  # the element of common that comes before this one in its run
    for index, (_here, there) in enumerate(common):
        length = bisect_left(ends, there)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [there]
        last[length : length + 1] = [index]
    run = []
    index = last[-1] if last else -1
    while index >= 0:
        run.append(common[index])
        index = before[index]
    return run[::-1]
