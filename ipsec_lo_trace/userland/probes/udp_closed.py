"""The probe ``udp-closed``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.ports import DISCARD
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.udp_exchange import UdpExchange

PROBE = ProbeKind(
    name="udp-closed",
    title="a UDP datagram to a port without a socket: does the ICMP error come?",
    text=(
        "A connected UDP socket sends a datagram to port 9, where nobody listens. The kernel makes the ICMP"
        " error in a new mbuf, so no mark leaks; but it sends none at all about a packet with M_DECRYPTED."
        " So over ESP there is silence, over AH an error that is protected as the policies ask."
    ),
    answer="the ICMP error reaches the socket, whose next system call returns ECONNREFUSED",
    stage="icmp_error",
    runs=("verdicts", "further", "random"),
    program=partial(UdpExchange, dport=DISCARD, serving=False),
)
