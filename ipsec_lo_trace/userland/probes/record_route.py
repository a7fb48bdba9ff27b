"""The probe ``record-route``."""

from __future__ import annotations

from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, plain
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build


def _program(options: ProbeOptions) -> IcmpExchange:
    raw = plain(options, ip_options=build.record_route_option())
    return IcmpExchange(options, Exchange(message=echo_request(options), raw=raw))


PROBE = ProbeKind(
    name="record-route",
    title="an echo request that records its route: do IP options change what leaks?",
    text=(
        "icmp_reflect takes the options off the request and has ip_output insert them into the reply,"
        " where an mbuf may be put in front that gets copies of the tags. So tags and protection are as"
        " without options. ip_input writes an address each time that it sees the packet: twice for one by"
        " ESP in transport mode. Over AH what it writes breaks the ICV, and the request is lost."
    ),
    answer="an echo reply",
    stage="icmp_reflect",
    runs=("further", "random"),
    derived_over=("lo-ah", "lo-bundle"),
    program=_program,
)
