"""Choose rows of a trace: by number, stage, mark, packet, echo, or step of the analysis."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import Step


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows to show: a row fits if it fits each of these that is not empty, and any member of it.

    ``rows`` are first and last row numbers; ``steps`` are 1 to 8, 0 for what comes after; ``words`` says it
    all as the user did.
    """

    rows: tuple[tuple[int, int], ...] = ()
    stages: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    packets: frozenset[str] = frozenset()
    echoes: frozenset[int] = frozenset()
    steps: frozenset[int] = frozenset()
    words: str = ""

    def fits(self, step: Step) -> bool:
        """Tell whether a row is to be shown."""
        return (
            (not self.rows or any(first <= step.row <= last for first, last in self.rows))
            and (not self.stages or step.stage in self.stages)
            and (not self.marks or not self.marks.isdisjoint(mark_names(step)))
            and (
                not self.packets or not self.packets.isdisjoint((step.packet, packet_name(step.packet).whole))
            )
            and (not self.echoes or step.echo in self.echoes)
            and (not self.steps or step.analysis in self.steps)
        )


def mark_names(step: Step) -> set[str]:
    """Name the marks that a row is about: borne, made, removed or asked for."""
    names = {mark.name for mark in step.marks}
    names.update(change.mark.name for change in step.changes)
    names.update(check.mark.name for check in step.checks if check.mark is not None)
    return names


class Tally:
    """Counts the rows that fit, as they pass by."""

    def __init__(self, chosen: Chosen) -> None:
        """Begin with none."""
        self._chosen = chosen
        self._shown = 0
        self._all = 0

    def fits(self, step: Step) -> bool:
        """Tell whether a row is to be shown, and count it."""
        self._all += 1
        fits = self._chosen.fits(step)
        self._shown += fits
        return fits

    @property
    def text(self) -> str:
        """Say how many rows of how many were shown, and why those."""
        return f"{self._shown} of {self._all} rows shown ({self._chosen.words})"
