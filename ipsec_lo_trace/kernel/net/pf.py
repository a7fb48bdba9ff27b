"""A packet filter as far as its tag goes: it leaves one on every packet that it sees.

Source: FreeBSD's PACKET_TAG_PF (net/pfvar.h).  It shows what a persistent tag does.
"""

from __future__ import annotations

from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import PF, m_tag_find, m_tag_prepend
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf
from ipsec_lo_trace.model.questions import PF_TAG
from ipsec_lo_trace.model.records import borne

ANY_PF = AnyOf((PF,))
NO_PF = Absent((PF,))


def pf_test(k: Kernel, m: Mbuf) -> None:
    """See a packet and tag it; what bears the tag passes unseen, whichever packet that was made for.

    Source: net/pf.c, pf_test (FreeBSD's).
    Marks: reads PF; adds PF.
    """
    tag = m_tag_find(m, PF)
    if tag is not None:
        k.ask(PF_TAG, borne(tag), ANY_PF, "skipped", tag)
        return
    k.ask(PF_TAG, NO_PF, ANY_PF, "seen")
    m_tag_prepend(m, PF)
