"""The probe ``udp-echo``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.ports import ECHO
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.udp_exchange import UdpExchange

PROBE = ProbeKind(
    name="udp-echo",
    title="a UDP datagram to a process that echoes it: what an answer from a socket looks like",
    text=(
        "A connected UDP socket sends a datagram to port 7, where a process reads it and sends a new one"
        " back. Tags and flags end at the socket, and the answer starts in a new mbuf: this is the packet"
        " semantics that the fix of 2003 wants for the echo reply. UDP has no gate 1; both sockets have gate"
        " 2."
    ),
    answer="the echoed datagram reaches the socket",
    stage="udp_input",
    runs=("random",),
    program=partial(UdpExchange, dport=ECHO, serving=True),
)
