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


MOST = 12
"""Names of a kind that are told where no row fits."""


class Tally:
    """Counts the rows that fit, as they pass by, and notes what there is until one does."""

    def __init__(self, chosen: Chosen) -> None:
        """Begin with none."""
        self._chosen = chosen
        self._shown = 0
        self._all = 0
        self._there: dict[str, dict[str, None]] = {}

    def fits(self, step: Step) -> bool:
        """Tell whether a row is to be shown, and count it."""
        self._all += 1
        fits = self._chosen.fits(step)
        self._shown += fits
        if not self._shown:
            self._note(step)
        return fits

    def _note(self, step: Step) -> None:
        """Note what a row could have been chosen by, of what the choice goes by."""
        chosen = self._chosen
        for kind, asked, names in (
            ("stages", chosen.stages, [step.stage]),
            ("marks", chosen.marks, sorted(mark_names(step))),
            ("packets", chosen.packets, [step.packet]),
            ("echoes", chosen.echoes, [str(step.echo)]),
            ("steps", chosen.steps, [str(step.analysis or "after")]),
        ):
            there = self._there.setdefault(kind, {}) if asked else {}
            there.update(dict.fromkeys(names if len(there) <= MOST else ()))

    @property
    def text(self) -> str:
        """Say how many rows of how many were shown, and why those."""
        shown = f"{self._shown} of {self._all} rows shown ({self._chosen.words})"
        return shown if self._shown else f"{shown}: {self._there_is()}"

    def _there_is(self) -> str:
        """Say what there is, where nothing of it fits."""
        told = [f"rows 1 to {self._all}"] if self._chosen.rows else []
        for kind, names in self._there.items():
            more = ", ..." if len(names) > MOST else ""
            told.append(f"{kind} {', '.join(list(names)[:MOST]) or '(none)'}{more}")
        return f"there are {'; '.join(told)}"
