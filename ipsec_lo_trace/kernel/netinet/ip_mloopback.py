"""Multicast: a sender that belongs to the group hears itself by lo0."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.m_copy_pkthdr import m_copy_pkthdr
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import CALL, IF_OUTPUT, HandOff, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.wire import ip


def looped(m: Mbuf) -> HandOff:
    """Hand a fresh mbuf with the packet's bytes to ip_mloopback: P1/loop1 before IPsec, P1/loop2 after it."""
    number = m.visits.get(defs.ip_output.name, 0) // 2 + 1
    copym = Mbuf(m.data, echo=m.echo, packet=f"{m.packet}/loop{number}")
    return hand_off(defs.ip_mloopback, CALL, copym, m, "")


@stage(defs.ip_mloopback, defs.looutput)
def ip_mloopback(_k: Kernel, m: Mbuf, original: Mbuf) -> Verdict:
    """Copy a multicast packet that this host's own group is to get, and give the copy to lo0.

    Source: netinet/ip_output.c, ip_mloopback.
    Marks: adds copies of the original's tags and flags (M_COPY_PKTHDR).

    This comes before the IPsec block of ip_output.  The copy is not cut to the MTU.
    """
    m_copy_pkthdr(m, original)
    m.data = ip.patch(m.data)
    marks = ", with copies of its marks" if m.marks else ", which bears no mark"
    return hand_off(defs.looutput, IF_OUTPUT, m, None, f"a copy of {original.packet}{marks}", "copy")
