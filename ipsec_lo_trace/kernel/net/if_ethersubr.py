"""ex0, an Ethernet: what goes out there leaves the host, and this program's sight."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import Deliver, Verdict, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.wire import ip

PROTECTED = {IPPROTO_ESP: "in ESP", IPPROTO_AH: "in AH"}


@stage(defs.ether_output)
def ether_output(_k: Kernel, m: Mbuf, _ifp: str) -> Verdict:
    """Put the packet on the wire of ex0, where neither tags nor flags can follow.

    Source: net/if_ethersubr.c, ether_output.
    Marks: reads none, adds none, removes none; they end with the mbuf.
    """
    seen = PROTECTED.get(ip.read(m.data).proto, "in clear")
    return Deliver("wire", f"leaves the host by ex0, {seen}", "wire")
