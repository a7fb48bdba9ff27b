"""The probe ``mask``."""

from __future__ import annotations

from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, plain
from ipsec_lo_trace.userland.ping import IDENT
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build, icmp


def _message(echo: int) -> bytes:
    return icmp.with_sequence(build.mask_request(IDENT), echo & 0xFFFF)


def _program(options: ProbeOptions) -> IcmpExchange:
    exchange = Exchange(message=_message, raw=plain(options), answer=icmp.ICMP_MASKREPLY)
    return IcmpExchange(options, exchange)


PROBE = ProbeKind(
    name="mask",
    title="an ICMP address mask request: does its reply leak as an echo reply does?",
    text=(
        "With maskrepl=1 icmp_input writes lo0's mask into the request and reflects it in its own mbuf,"
        " marks and all. With maskrepl=0, which is the usual setting, the request goes to the raw sockets"
        " instead, and nobody answers."
    ),
    answer="an address mask reply",
    stage="icmp_input",
    runs=("further", "random"),
    program=_program,
    build=Build(maskrepl="1"),
    size=0,
)
