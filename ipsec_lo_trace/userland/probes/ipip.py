"""The probe ``ipip``."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_IPIP
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build, ip

TTL = 255


def _program(options: ProbeOptions) -> IcmpExchange:
    src, message = options.src or options.dst, echo_request(options)
    outer = build.ip_header(IPPROTO_IPIP, src, options.dst, ttl=TTL)
    inner = build.ip_header(IPPROTO_ICMP, src, options.dst, ttl=TTL)
    raw = defs.RawOutput(src, options.dst, TTL, b"", header_included=True)
    return IcmpExchange(
        options, Exchange(message=lambda echo: ip.filled(outer, ip.filled(inner, message(echo))), raw=raw)
    )


PROBE = ProbeKind(
    name="ipip",
    title="IP in IP from a process, where no policy has a tunnel: does the kernel take what is inside?",
    text=(
        "The process writes both IP headers itself, and ESP in transport mode protects the outer packet."
        " Behind ESP encap4_input asks for a flag, not for the mode of the SA, so the tunnel input takes it."
        " What was inside inherits IN_DONE, which leads gate 1 to the default policy: even ICMP that the SPD"
        " discards comes in so, from whoever has an SA for anything. Without IPsec the packet is dropped, for"
        " nobody wants its protocol."
    ),
    answer="an echo reply",
    stage="encap4_input",
    program=_program,
)
