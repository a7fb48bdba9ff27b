"""A packet filter as far as its tag goes: it leaves one on every packet that it sees.

Source: FreeBSD's PACKET_TAG_PF (net/pfvar.h).  It shows what a persistent tag does.
"""

from __future__ import annotations

from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import PF, m_tag_find, m_tag_prepend
from ipsec_lo_trace.model.mbuf import Mbuf


def pf_test(m: Mbuf) -> None:
    """See a packet, and tag it unless it bears the tag.

    Marks: reads PF; adds PF.
    """
    if m_tag_find(m, PF) is None:
        m_tag_prepend(m, PF)
