"""The routing table, as far as it has entries: this host's addresses, and what a run puts beside them.

Source: net/route.c, rtalloc.

SIMPLER: lo0 bears every address, and ex0 borrows them; a packet is taken to have come by lo0, always.
"""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import LOMTU, Kernel
from ipsec_lo_trace.machine.stage import Symbol

EX0_MTU = 1500
"""The MTU of an Ethernet in bytes."""
LOOPBACK_ADDRESS = IPv4Address("127.0.0.1")


class Route(NamedTuple):
    """A route: the interface's output routine and MTU (bytes), and the gateway, None if there is none."""

    interface: str
    if_output: Symbol[str]
    mtu: int
    gateway: IPv4Address | None = None

    @property
    def loopback(self) -> bool:
        """Whether the interface is lo0 (IFF_LOOPBACK)."""
        return self.if_output is defs.looutput


LO0 = Route("lo0", defs.looutput, LOMTU)
EX0 = Route("ex0", defs.ether_output, EX0_MTU)
_DETOUR = LO0._replace(gateway=LOOPBACK_ADDRESS)


def rtalloc(k: Kernel, dst: IPv4Address) -> Route | None:
    """Find the route to an address; None if there is none."""
    if dst.packed in k.local:
        return LO0
    if dst.is_multicast:
        return {"lo0": LO0, "ex0": EX0}.get(k.multicast_if)
    if any(dst in network for network in k.detours):
        return _DETOUR
    return EX0 if any(dst in network for network in k.outside) else None


def source_for(k: Kernel, dst: IPv4Address) -> IPv4Address:
    """Return the address of this host that packets to ``dst`` have (the route's rt_ifa).

    An own address is its own; elsewhere lo0's first address serves: 127.0.0.1, else the lowest.
    """
    if dst.packed in k.local:
        return dst
    if LOOPBACK_ADDRESS.packed in k.local:
        return LOOPBACK_ADDRESS
    return IPv4Address(min(k.local))
