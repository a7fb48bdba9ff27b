"""Forwarding: what came in for another host goes out again, in the same mbuf."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.net.route import Route, rtalloc
from ipsec_lo_trace.kernel.netinet.ip_icmp import CLASS_D, reply_name
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import CALL, Drop, HandOff, Split, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.wire import ip

IPTTLDEC = 1
QUOTED_LEN = 68
"""Bytes of the packet that are kept for an ICMP error."""
UNREACH_HOST = defs.IcmpError(3, 1)
TIMXCEED_INTRANS = defs.IcmpError(11, 0)
REDIRECT_HOST = (5, 1)
LOOPBACK_NET = IPv4Network("127.0.0.0/8")
"""Also the subnet of lo0's address, whose hosts send to this one directly."""


@stage(defs.ip_forward, defs.ip_output, defs.icmp_error)
def ip_forward(k: Kernel, m: Mbuf, args: defs.Forward) -> Verdict:
    """Count the TTL down and output the packet; tell its sender if there was a shorter way.

    Source: netinet/ip_input.c, ip_forward.
    Marks: the packet that goes out inherits all of the one that came in; a redirect's copy gets copies.
    """
    header = ip.read(m.data)
    if not in_canforward(header.dst):
        k.count("ips_cantforward")
        return Drop("cannot-forward", "", f"no packet to {header.dst} may be forwarded")
    if header.ttl <= IPTTLDEC:
        return hand_off(defs.icmp_error, CALL, m, TIMXCEED_INTRANS, "the TTL has run out", "error")
    route = rtalloc(k, header.dst)
    if route is None:
        return hand_off(defs.icmp_error, CALL, m, UNREACH_HOST, f"no route to {header.dst}", "error")
    m.data = ip.patch(m.data, ttl=header.ttl - IPTTLDEC)
    redirect = None if args.srcrt else _redirect(k, m, route)
    m.become(reply_name(m.packet))
    # SIMPLER: counted before ip_output has answered, and no error of its makes an ICMP error.
    k.count("ips_forward")
    text = f"goes on by {route.interface}, {'with every mark' if m.marks else 'and bears no mark'}"
    output = hand_off(defs.ip_output, CALL, m, defs.Output(flags=defs.IP_FORWARDING), text, "forward")
    if redirect is None:
        return output
    return Split([output, redirect], f"{text}; the sender is to be redirected", "forward")


def in_canforward(dst: IPv4Address) -> bool:
    """Tell whether packets to ``dst`` may be forwarded: not to classes D and E, network 0 and network 127.

    Source: netinet/in.c, in_canforward.
    """
    return 0 < int(dst) >> 24 < CLASS_D and dst not in LOOPBACK_NET


def _redirect(k: Kernel, m: Mbuf, route: Route) -> HandOff | None:
    """Make the redirect that is due to a sender on lo0's subnet if the packet leaves by lo0, as it came.

    KERNEL: the copy that the redirect quotes bears the packet's tags and flags (M_COPY_PKTHDR).
    """
    header = ip.read(m.data)
    if not route.loopback or header.src not in LOOPBACK_NET:
        return None
    k.count("ips_redirectsent")
    mcopy = Mbuf(m.data[:QUOTED_LEN], echo=m.echo, packet=f"{m.packet}/copy")
    mcopy.tags, mcopy.flags = m.tags, m.flags
    redirect = defs.IcmpError(*REDIRECT_HOST, route.gateway or header.dst)
    return hand_off(defs.icmp_error, CALL, mcopy, redirect, "")
