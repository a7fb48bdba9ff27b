"""The probe ``tcp-closed``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.ports import DISCARD
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.tcp_exchange import TcpExchange

PROBE = ProbeKind(
    name="tcp-closed",
    title="a TCP SYN to a port without a socket: does the RST leak?",
    text=(
        "A socket connects to port 9, where nobody listens. tcp_respond makes the RST in the SYN's own mbuf,"
        " with the SYN's tags and flags, just as icmp_reflect makes the echo reply; and the fix of 2003"
        " touches icmp_reflect only. So the RST crosses lo0 in clear, and the stale flag lets it in."
        " That is sure for ESP in transport mode; what else depends on the mbuf layout, a finding says."
    ),
    answer="the RST reaches the socket, and connect(2) returns ECONNREFUSED",
    stage="tcp_respond",
    runs=("verdicts", "random"),
    derived_over=("lo-ah", "lo-bundle"),
    program=partial(TcpExchange, dport=DISCARD, serving=False),
    size=0,
)
