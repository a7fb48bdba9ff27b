"""The lives of an echo's marks: where each was made, and where it first was stale."""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace.model.trace import Mark, Step

Identity = tuple[str, int, int | None]


def identity(mark: Mark) -> Identity:
    """Return what two records of one mark have in common: staleness alone changes in a mark's life."""
    return mark.name, mark.row, mark.spi


class Lives(NamedTuple):
    """The stage of each row of an echo, and the row in which each mark first is stale."""

    stages: dict[int, str]
    stale: dict[Identity, Step]


def lives_of(echo: list[Step]) -> Lives:
    """Follow the marks through the rows of an echo, once."""
    stale: dict[Identity, Step] = {}
    for step in echo:
        for mark in step.marks:
            if mark.stale:
                stale.setdefault(identity(mark), step)
    return Lives({step.row: step.stage for step in reversed(echo)}, stale)
