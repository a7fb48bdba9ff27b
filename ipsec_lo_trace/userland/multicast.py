"""What the multicast probes share: the group, a policy for it, and the process."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.state import ALLHOSTS_GROUP, Kernel
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, elsewhere
from ipsec_lo_trace.userland.program import ProbeOptions

CONFIG = """\
# everything to the group of all hosts by ESP
add 127.0.0.1 224.0.0.1 esp 0x1000
    -E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;
spdadd 0.0.0.0/0 224.0.0.1/32 any -P out ipsec esp/transport/127.0.0.1-224.0.0.1/require ;
spdadd 0.0.0.0/0 224.0.0.1/32 any -P in ipsec esp/transport/127.0.0.1-224.0.0.1/require ;
"""


def multicast(options: ProbeOptions, *, interface: str) -> IcmpExchange:
    """Make the process: echo requests to the group of all hosts, which is routed to ``interface``."""

    def prepare(kernel: Kernel) -> None:
        kernel.multicast_if = interface

    group: IPv4Address = ALLHOSTS_GROUP
    exchange = Exchange(message=echo_request(options), raw=elsewhere(options, group), prepare=prepare)
    return IcmpExchange(options, exchange)
