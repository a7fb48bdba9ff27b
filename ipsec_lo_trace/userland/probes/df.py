"""The probe ``df``."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace import defs
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import build, ip

TTL = 255
INADDR_ANY = IPv4Address(0)


def _program(options: ProbeOptions) -> IcmpExchange:
    header = build.ip_header(IPPROTO_ICMP, options.src or INADDR_ANY, options.dst, ttl=TTL, off=ip.IP_DF)
    message = echo_request(options)
    raw = defs.RawOutput(options.src, options.dst, TTL, b"", header_included=True)
    return IcmpExchange(options, Exchange(message=lambda echo: ip.filled(header, message(echo)), raw=raw))


PROBE = ProbeKind(
    name="df",
    title="a packet that fits lo0's MTU, but not with IPsec, and must not be cut: who hears of it?",
    text=(
        "The process writes the IP header itself and sets DF. The packet is short enough for lo0 when"
        " sendto is called, but too long when ip_output sees it again after IPsec. It is dropped with"
        " EMSGSIZE, and since sendto has returned long ago, nobody hears of that."
    ),
    answer="an echo reply",
    stage="ip_output",
    runs=("random",),
    program=_program,
    size=33160,
)
