"""The probe ``tcp-open``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.ports import HTTP
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.tcp_exchange import TcpExchange

PROBE = ProbeKind(
    name="tcp-open",
    title="a TCP connection to a listening socket: SYN, SYN-ACK, ACK",
    text=(
        "A socket connects to port 80, where a process listens. SYN, SYN-ACK and ACK each start in a new"
        " mbuf, so nothing leaks. The listening socket's policy is not asked, though: FAST_IPSEC of 2004"
        " lacks that check, so a policy that requires protection does not keep a plain connection out."
    ),
    answer="connect(2) returns 0, and the server accepts the connection",
    stage="syn_cache_respond",
    runs=("verdicts", "random"),
    program=partial(TcpExchange, dport=HTTP, serving=True),
    size=0,
)
