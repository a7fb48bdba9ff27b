"""What differs between two traces, field by field; row numbers are places, never differences."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from ipsec_lo_trace.model.trace import Change, Check, Mark, Packet, Step
from ipsec_lo_trace.render.diff.align import by_echo, matched, side_by_side
from ipsec_lo_trace.render.store import StoredTrace

SAME, CHANGED, REMOVED, ADDED = "same", "changed", "removed", "added"

PLAIN = ("via", "bytes", "decision", "to", "errno", "reason", "returned", "counters")
"""Fields of a step that are compared as they are."""
RUN = ("tool", "kernel", "fix", "seed", "program", "probe", "capture", "src", "dst", "bound", "count",
       "size", "preload", "pinger", "schedule", "flush_probe", "both_ways", "pattern", "record_route", "ttl",
       "local", "ident", "interface", "what_if", "policies", "sas", "assumptions")  # fmt: skip
"""Fields of the run: what was asked for; the words that say how it was asked for are left out."""
WIRE = tuple(name for name in Packet.__struct_fields__ if name != "info")
"""Fields of a packet: the words that sum it up are left out."""
VERDICT = ("outcome", "code", "ping", "errno", "sent", "received", "leaks", "counters")
"""Fields of the verdict: the result; rows and words are left out."""

_plain = attrgetter(*PLAIN)
_mark = attrgetter("name", "made_for", "stale", "proto", "spi", "dst")
_check = attrgetter("id", "left", "right", "answer")


class Pair(msgspec.Struct, frozen=True, gc=False):
    """One row of A and the row of B that belongs to it; ``fields`` names what differs if both are there."""

    a: Step | None
    b: Step | None
    fields: tuple[str, ...] = ()

    @property
    def op(self) -> str:
        """Say what happened to the row on the way from A to B."""
        if self.a is None:
            return ADDED
        if self.b is None:
            return REMOVED
        return CHANGED if self.fields else SAME

    @property
    def step(self) -> Step:
        """The row, of A if A has it; packet, stage and visit are the same in both."""
        step = self.a or self.b
        assert step is not None  # noqa: S101 -- a pair has at least one row
        return step


class Difference(msgspec.Struct, frozen=True):
    """A field of the runs or of the verdicts that differs."""

    name: str
    a: Any
    b: Any


class Comparison:
    """Two traces compared: after one pass over ``echoes``, ``count``, ``first`` and ``differ`` are known."""

    def __init__(self, a: StoredTrace, b: StoredTrace) -> None:
        """Compare the runs and the verdicts; the rows are read when they are asked for."""
        self.a = a
        self.b = b
        self.count = dict.fromkeys((SAME, CHANGED, REMOVED, ADDED), 0)
        self.first: Pair | None = None
        self.run = differences(a.run, b.run, RUN)
        self.verdict = differences(a.verdict, b.verdict, VERDICT)
        totals, others = a.verdict.counters, b.verdict.counters
        names = dict.fromkeys([*totals, *others])
        found = (Difference(name, totals.get(name, 0), others.get(name, 0)) for name in names)
        self.counters = [one for one in found if one.a != one.b]

    def echoes(self) -> Iterator[list[Pair]]:
        """Give the pairs of each echo, in order."""
        one = by_echo(self.a.steps(), self.a.run.preload, self.a.name)
        other = by_echo(self.b.steps(), self.b.run.preload, self.b.name)
        for left, right in side_by_side(one, other):
            pairs = [pair(step, its) for step, its in matched(left, right)]
            for found in pairs:
                op = found.op
                self.count[op] += 1
                if op is not SAME and self.first is None:
                    self.first = found
            yield pairs

    @property
    def differ(self) -> bool:
        """Whether other things happened: rows or verdicts; the runs' own options do not count."""
        return self.first is not None or bool(self.verdict)


def pair(a: Step | None, b: Step | None) -> Pair:
    """Compare two rows that belong together, or take one alone."""
    return Pair(a, b) if a is None or b is None else Pair(a, b, fields(a, b))


def fields(a: Step, b: Step) -> tuple[str, ...]:
    """Name the fields that differ, those of the packet one by one ("wire.seq")."""
    names: list[str] = []
    if a.wire != b.wire:
        names += [f"wire.{one.name}" for one in differences(a.wire, b.wire, WIRE)]
    if a.marks != b.marks and _marks(a.marks) != _marks(b.marks):
        names.append("marks")
    if a.changes != b.changes and _changes(a.changes) != _changes(b.changes):
        names.append("changes")
    if a.checks != b.checks and _checks(a.checks) != _checks(b.checks):
        names.append("checks")
    if _plain(a) != _plain(b):
        names += [one.name for one in differences(a, b, PLAIN)]
    return tuple(names)


def differences(a: msgspec.Struct, b: msgspec.Struct, names: tuple[str, ...]) -> list[Difference]:
    """Give those of these fields that differ between two records."""
    found = (Difference(name, getattr(a, name), getattr(b, name)) for name in names)
    return [one for one in found if one.a != one.b]


def _marks(marks: tuple[Mark, ...]) -> list[Any]:
    return [_mark(mark) for mark in marks]


def _changes(changes: list[Change]) -> list[Any]:
    return [(change.op, _mark(change.mark)) for change in changes]


def _checks(checks: list[Check]) -> list[Any]:
    return [(_check(check), check.mark and _mark(check.mark)) for check in checks]
