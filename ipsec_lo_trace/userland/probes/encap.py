"""The probe ``encap``."""

from __future__ import annotations

from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, plain
from ipsec_lo_trace.userland.probe_kind import ProbeKind
from ipsec_lo_trace.userland.program import ProbeOptions

CONFIG = """\
# every ICMP packet in a tunnel of this host with itself
add 127.0.0.1 127.0.0.1 esp 0x1000 -m tunnel
    -E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;
spdadd 0.0.0.0/0 0.0.0.0/0 icmp -P out ipsec esp/tunnel/127.0.0.1-127.0.0.1/require ;
spdadd 0.0.0.0/0 0.0.0.0/0 icmp -P in ipsec esp/tunnel/127.0.0.1-127.0.0.1/require ;
"""


def _program(options: ProbeOptions) -> IcmpExchange:
    return IcmpExchange(options, Exchange(message=echo_request(options), raw=plain(options)))


PROBE = ProbeKind(
    name="encap",
    title="an echo request in a tunnel: what becomes of the tag that the decapsulation adds?",
    text=(
        "encap4_input takes an IP-in-IP packet only if it came by IPsec, and puts an ENCAP tag on it that"
        " nobody removes. So the reply bears it, beside IN_DONE and OUT_DONE: it decides nothing, and"
        " shows how far leftovers travel."
    ),
    answer="an echo reply",
    stage="encap4_input",
    runs=("random",),
    program=_program,
    config=CONFIG,
)
