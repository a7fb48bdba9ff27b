"""The mark law: what a stage says it changed is exactly what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf, carried

if TYPE_CHECKING:
    from ipsec_lo_trace.model.trace import Mark


def check_marks(before: tuple[Mark, ...], m: Mbuf) -> None:
    """Raise BrokenInvariantError unless the changes, folded over the marks before, give the marks after.

    The order of tags is not folded (a new tag goes to the head by construction), their multiset is.
    """
    after = m.marks
    if after is before and not m.changes:
        return
    folded = list(carried(before, m.packet))
    for change in m.changes:
        mark = change.mark
        if change.op == "add":
            folded.append(mark)
        elif mark in folded:
            folded.remove(mark)
        else:
            _broken(m, f"removed {mark.name}, which the packet did not bear")
    for mark in after:
        if mark not in folded:
            _broken(m, f"bears {mark.name}, which no change accounts for")
        folded.remove(mark)
    if folded:
        _broken(m, f"lost {folded[0].name} without a change")


def _broken(m: Mbuf, what: str) -> None:
    msg = f"row {m.row}, {m.stage}: {what}"
    raise BrokenInvariantError(msg)
