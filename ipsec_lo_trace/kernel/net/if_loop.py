"""lo0: what goes out comes straight back in."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import strip
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, LO0, Kernel
from ipsec_lo_trace.machine.stage import NETISR, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMP,
    IPPROTO_IPCOMP,
    IPPROTO_TCP,
    IPPROTO_UDP,
)
from ipsec_lo_trace.wire import ip

SEEN_AS = {
    IPPROTO_ESP: "ESP",
    IPPROTO_AH: "AH",
    IPPROTO_IPCOMP: "IPComp",
    IPPROTO_ICMP: "plain ICMP",
    IPPROTO_TCP: "plain TCP",
    IPPROTO_UDP: "plain UDP",
}


@stage(defs.looutput, defs.ip_input)
def looutput(k: Kernel, m: Mbuf, ifp: str) -> Verdict:
    """Put the packet on the IP input queue, as it is, and as if ``ifp`` had received it.

    Source: net/if_loop.c, looutput.
    Marks: reads none, adds none, removes none: tags and flags all come back up with the packet.  With some
    fixes the tags end here, with some the flags too; a packet that ALTQ queues passes that by.

    tcpdump on lo0 sees only what is sent by lo0, and the counters are those of the interface.
    """
    # The names of lo0's counters stand without it.
    of = "" if ifp == LO0 else f"({ifp})"
    k.count(f"if_opackets{of}")
    k.count(f"if_obytes{of}", len(m.data))
    m.rcvif = ifp
    if k.ipintrq_len >= IFQ_MAXLEN:
        return Drop("ipintrq-full", "ENOBUFS", f"the IP input queue holds {IFQ_MAXLEN} packets and is full")
    seen = SEEN_AS.get(ip.read(m.data).proto, "another protocol")
    stripped = _strip(k, m) if m.marks else ""
    back = f"{stripped}; back up" if stripped else "back up"
    k.count(f"if_ipackets{of}")
    k.count(f"if_ibytes{of}", len(m.data))
    marks = ", marks and all" if m.marks and not stripped else ""
    return hand_off(defs.ip_input, NETISR, m, defs.Input(), f"tcpdump on {ifp} sees {seen}; {back}{marks}")


def _strip(k: Kernel, m: Mbuf) -> str:
    """Strip what this kernel strips on lo0; say what became of the marks, "" if it keeps them."""
    if k.build.altq_on_lo0 == "yes" and k.build.looutput != "keep":
        # KERNEL: lostart, which takes packets off ALTQ's queue, strips nothing.
        return "ALTQ queues it, so every mark stays"
    return strip(k, m, k.build.looutput)
