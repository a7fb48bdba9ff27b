"""The probe ``timestamp``."""

from __future__ import annotations

from ipsec_lo_trace.userland.icmp_exchange import MS_A_SECOND, Exchange, IcmpExchange, plain
from ipsec_lo_trace.userland.ping import IDENT
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build, icmp


def _message(echo: int) -> bytes:
    originate = (echo - 1) * MS_A_SECOND
    return icmp.with_sequence(build.timestamp_request(IDENT), echo & 0xFFFF, originate.to_bytes(4, "big"))


def _program(options: ProbeOptions) -> IcmpExchange:
    exchange = Exchange(message=_message, raw=plain(options), answer=icmp.ICMP_TSTAMPREPLY)
    return IcmpExchange(options, exchange)


PROBE = ProbeKind(
    name="timestamp",
    title="an ICMP timestamp request: does its reply leak as an echo reply does?",
    text=(
        "icmp_input writes two times into the request and reflects it in its own mbuf, by the same code"
        " as an echo request, so the reply bears the request's marks. The clock starts at 0 and ticks a"
        " second an echo."
    ),
    answer="a timestamp reply",
    stage="icmp_input",
    runs=("further", "random"),
    program=_program,
    size=0,
)
