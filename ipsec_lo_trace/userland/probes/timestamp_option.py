"""The probe ``timestamp-option``."""

from __future__ import annotations

from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, plain
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build


def _program(options: ProbeOptions) -> IcmpExchange:
    raw = plain(options, ip_options=build.timestamp_option())
    return IcmpExchange(options, Exchange(message=echo_request(options), raw=raw))


PROBE = ProbeKind(
    name="timestamp-option",
    title="an echo request that asks for addresses and times: do IP options change what leaks?",
    text=(
        "The timestamp option is kept in the reply as record route is, and tags and protection are as"
        " without options. Each ip_input fills one of the four slots; when none is free, it counts an"
        " overflow. Over AH what it fills in breaks the ICV, and the request is lost."
    ),
    answer="an echo reply",
    stage="icmp_reflect",
    runs=("further", "random"),
    derived_over=("lo-ah", "lo-bundle"),
    program=_program,
)
