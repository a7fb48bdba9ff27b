"""The probe ``big``."""

from __future__ import annotations

from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, plain
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions


def _program(options: ProbeOptions) -> IcmpExchange:
    return IcmpExchange(options, Exchange(message=echo_request(options), raw=plain(options)))


PROBE = ProbeKind(
    name="big",
    title="an echo request over lo0's MTU: which marks survive fragments and reassembly?",
    text=(
        "ip_fragment leaves tags and flags on the first fragment, in whose mbuf ip_reass puts the packet"
        " together. So the marks survive, and the reply leaks as a small one does."
    ),
    answer="an echo reply",
    stage="ip_reass",
    runs=("further", "random"),
    program=_program,
    size=40000,
)
