"""M_COPY_PKTHDR: a copy of a packet bears copies of its marks.

Source: sys/mbuf.h, M_COPY_PKTHDR and M_COPYFLAGS; kern/uipc_mbuf2.c, m_tag_copy_chain.  That the copied flags
were among M_COPYFLAGS in August 2003 was not seen, only in later versions.
"""

from __future__ import annotations

from msgspec.structs import replace

from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.trace import Change, Mark


def m_copy_pkthdr(to: Mbuf, m: Mbuf) -> None:
    """Give ``to``, a fresh mbuf that copies a packet, copies of the tags and flags of ``m``.

    A copy of what is the packet's own history is the copy's own; what was stale stays so.
    """
    to.tags = tuple(_copied(to, mark) for mark in m.tags)
    to.flags = tuple(_copied(to, mark) for mark in m.flags)
    to.changes.extend(Change("add", mark) for mark in to.marks)


def _copied(to: Mbuf, mark: Mark) -> Mark:
    return mark if mark.stale else replace(mark, made_for=to.packet, row=to.row)
