"""The mark law: what a stage says it changed is exactly what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf

if TYPE_CHECKING:
    from ipsec_lo_trace.model.trace import Mark


def check_marks(before: tuple[Mark, ...], m: Mbuf) -> None:
    """Raise BrokenInvariantError unless the changes, folded over the marks before, give the marks after.

    The order of tags is not folded (a new tag goes to the head by construction), their multiset is.  A mark
    is stale exactly if it was made for another packet than the one that bears it now.  Of marks that were in
    order before, on the same packet, only the new ones are looked at: a packet in a loop bears thousands.
    """
    after, packet, changes = m.marks, m.packet, m.changes
    looked_at = m.lawful
    fresh = looked_at[0] != packet or looked_at[1] is not before
    if after is before and not changes:
        if fresh:
            _check_stale(after, m)
            m.lawful = packet, after
        return
    if len(changes) == 1 and changes[0].op == "add":
        new = changes[0].mark
        if after in ((new, *before), (*before, new)):
            # What nearly every change is: one new tag at the head, or one new flag at the end.
            _check_stale(after if fresh else (new,), m)
            m.lawful = packet, after
            return
    _check_stale(after, m)
    _fold(before, m)
    m.lawful = packet, after


def _check_stale(marks: tuple[Mark, ...], m: Mbuf) -> None:
    """Raise BrokenInvariantError if one of these says of itself what is not so."""
    for borne in marks:
        if borne.stale != (borne.made_for != m.packet):
            _broken(m, f"{borne.name} was made for {borne.made_for}, and says stale {borne.stale}")


def _fold(before: tuple[Mark, ...], m: Mbuf) -> None:
    """Hold every change against the marks before, and what comes of that against the marks after."""
    folded = [_identity(mark) for mark in before]
    for change in m.changes:
        mark = _identity(change.mark)
        if change.op == "add":
            folded.append(mark)
        elif mark in folded:
            folded.remove(mark)
        else:
            _broken(m, f"removed {change.mark.name}, which the packet did not bear")
    for borne in m.marks:
        if _identity(borne) not in folded:
            _broken(m, f"bears {borne.name}, which no change accounts for")
        folded.remove(_identity(borne))
    if folded:
        _broken(m, f"lost {folded[0][0]} without a change")


def _identity(mark: Mark) -> tuple[str, str, int, int | None]:
    """Give what stays the same about a mark while its carrier changes."""
    return mark.name, mark.made_for, mark.row, mark.spi


def _broken(m: Mbuf, what: str) -> None:
    msg = f"row {m.row}, {m.stage}: {what}"
    raise BrokenInvariantError(msg)
