"""What if a mark had been deleted there?  Experiments that no kernel makes.

A cut deletes marks right after a stage.  Marks still change through their doors only, so the trace shows the
cut as a change of the stage's row.
"""

from __future__ import annotations

import re

from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER, m_clear_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import TAGS, m_tag_delete
from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.suggest import hint, listed, same
from ipsec_lo_trace.model.whatif import Cut

GROUPS = {"tags": TAGS, "flags": ORDER, "marks": (*TAGS, *ORDER)}
"""Names that stand for several marks."""
_FORM = re.compile(r"(?P<marks>\w+)@(?P<stage>\w+)(?::(?P<visit>[1-9]\d{0,5}))?")


def parse_cut(text: str) -> Cut:
    """Read NAME@STAGE[:VISIT]; UserError if a part is not known."""
    found = _FORM.fullmatch(text)
    if found is None:
        reason, form = "not of the form NAME@STAGE[:VISIT]", "as OUT_DONE@looutput"
        raise UserError(reason, field="drop_mark", token=text, hint=form)
    names = [*GROUPS["marks"], *GROUPS]
    marks, stage = same(found["marks"], names), same(found["stage"], link_table())
    if not marks:
        known = hint(found["marks"], names)
        raise UserError(f"no mark {found['marks']}", field="drop_mark", token=text, hint=known)
    if not stage:
        known = hint(found["stage"], sorted(link_table()), listed("stages"))
        raise UserError(f"no stage {found['stage']}", field="drop_mark", token=text, hint=known)
    return Cut(marks, stage, int(found["visit"] or 0))


class Surgeon:
    """Carries cuts out; the machine calls it after every stage."""

    def __init__(self, cuts: tuple[Cut, ...]) -> None:
        """Take the cuts; no stage was visited yet."""
        self._cuts = cuts
        self._visits: dict[tuple[int, str], int] = {}
        self._idle = dict.fromkeys(cuts)

    @property
    def idle(self) -> list[Cut]:
        """The cuts that deleted nothing so far."""
        return list(self._idle)

    def __call__(self, m: Mbuf) -> str:
        """Make the cuts that are due at the stage that just ran; say which marks went, "" if none."""
        key = (m.echo, m.stage)
        visit = self._visits[key] = self._visits.get(key, 0) + 1
        due = [cut for cut in self._cuts if cut.stage == m.stage and cut.visit in (0, visit)]
        doomed = {name for cut in due for name in GROUPS.get(cut.marks, (cut.marks,))}
        gone = [mark.name for mark in m.marks if mark.name in doomed]
        for cut in due:
            if set(gone) & set(GROUPS.get(cut.marks, (cut.marks,))):
                self._idle.pop(cut, None)
        for tag in m.tags:
            if tag.name in doomed:
                m_tag_delete(m, tag)
        for flag in m.flags:
            if flag.name in doomed:
                m_clear_flag(m, flag)
        return f"what if: {', '.join(gone)} deleted here" if gone else ""
