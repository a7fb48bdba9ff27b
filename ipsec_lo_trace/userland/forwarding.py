"""What the probes of forwarding share: a network elsewhere, a tunnel on the way there, and the process."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.userland.icmp_exchange import Exchange, IcmpExchange, echo_request, elsewhere
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import icmp

ELSEWHERE = IPv4Network("192.0.2.0/24")
FAR = IPv4Address("192.0.2.1")
TTL = 4
"""Small, because a packet may go round and round over lo0 until it runs out."""
CONFIG = """\
# everything to 192.0.2.0/24 by a tunnel of this host with itself
add 127.0.0.1 127.0.0.1 esp 0x1000 -m tunnel
    -E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;
spdadd 0.0.0.0/0 192.0.2.0/24 any -P out ipsec esp/tunnel/127.0.0.1-127.0.0.1/require ;
spdadd 0.0.0.0/0 192.0.2.0/24 any -P in ipsec esp/tunnel/127.0.0.1-127.0.0.1/require ;
"""


def outside(kernel: Kernel) -> None:
    """Put the network behind ex0."""
    kernel.outside = frozenset({ELSEWHERE})


def detour(kernel: Kernel) -> None:
    """Route the network to this host itself, which is a mistake that happens."""
    kernel.detours = frozenset({ELSEWHERE})


def leaving(options: ProbeOptions) -> IcmpExchange:
    """Make the process whose packets are to leave the host."""
    return _exchange(options, outside, answer=0, socket="wire")


def redirected(options: ProbeOptions) -> IcmpExchange:
    """Make the process that waits for an ICMP redirect."""
    return _exchange(options, detour, answer=icmp.ICMP_REDIRECT, socket="ping")


def _exchange(
    options: ProbeOptions, prepare: Callable[[Kernel], None], *, answer: int, socket: str
) -> IcmpExchange:
    raw = elsewhere(options, FAR, ttl=TTL)
    return IcmpExchange(
        options,
        Exchange(message=echo_request(options), raw=raw, answer=answer, socket=socket, prepare=prepare),
    )
