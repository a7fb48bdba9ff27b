"""The probe ``source-route``."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build
from ipsec_lo_trace.wire.build import IPOPT_LSRR, source_route


def _program(options: ProbeOptions) -> IcmpExchange:
    route, hop = source_route(build.source_route_option(IPOPT_LSRR, 1), options.dst.packed), options.dst
    raw = defs.RawOutput(options.src, options.dst, 0, route, first_hop=hop)
    return IcmpExchange(options, Exchange(message=echo_request(options), raw=raw))


PROBE = ProbeKind(
    name="source-route",
    title="an echo request by way of this host itself: where does its reply go, and with what marks?",
    text=(
        "A loose source route leads to the host, and from there to the host again. ip_input follows it"
        " before IPsec is taken off, so ip_forward sends the ESP packet on, and the OUT_DONE tag of the"
        " packet that came in keeps it from being encrypted again. The reply takes the route back. No"
        " packet to 127.0.0.0/8 is ever forwarded, so this needs another address"
        " of the host: --local 10.9.9.1 10.9.9.1."
    ),
    answer="an echo reply",
    stage="ip_input",
    program=_program,
)
