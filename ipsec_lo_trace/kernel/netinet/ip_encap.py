"""Encapsulated packets: which handler takes an IP-in-IP packet."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER, m_flags
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import ENCAP, m_tag_prepend
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import CALL, PR_INPUT, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf
from ipsec_lo_trace.model.questions import ENCAP_CHECK
from ipsec_lo_trace.model.records import borne


@stage(defs.encap4_input, defs.ip4_input, defs.rip_input)
def encap4_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Give an IP-in-IP packet that came by IPsec to the tunnel input, any other to the raw sockets.

    Source: netinet/ip_encap.c, encap4_input and encap_fillarg; netipsec/xform_ipip.c, ipe4_encapcheck.
    Marks: reads the three flags; adds ENCAP, which nothing removes.
    """
    flags = sorted(m_flags(m), key=lambda mark: mark.stale)
    flag = flags[0] if flags else None
    if flag is None:
        k.ask(ENCAP_CHECK, Absent(ORDER), AnyOf(ORDER), "no")
        return hand_off(defs.rip_input, CALL, m, args, "no tunnel claims it: to the raw sockets", "raw")
    k.ask(ENCAP_CHECK, borne(flag), AnyOf(ORDER), "yes", flag)
    m_tag_prepend(m, ENCAP)
    return hand_off(defs.ip4_input, PR_INPUT, m, args, f"the tunnel input claims it by {flag.name}", "tunnel")
