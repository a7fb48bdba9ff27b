"""IP input: checks, packet filter, whose packet, reassembly, the policy gate, the protocol switch."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, m_tag_find
from ipsec_lo_trace.kernel.net.pf import pf_test
from ipsec_lo_trace.kernel.net.route import Route, rtalloc
from ipsec_lo_trace.kernel.netinet.in_proto import protosw
from ipsec_lo_trace.kernel.netinet.ip_icmp import CLASS_D
from ipsec_lo_trace.kernel.netinet.ip_input_options import BadOptionError, ip_dooptions
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec_getpolicy, ipsec_getpolicybyaddr, ipsec_in_reject
from ipsec_lo_trace.kernel.state import LO0, FragmentQueue, Kernel
from ipsec_lo_trace.machine.stage import (
    CALL,
    PR_INPUT,
    Drop,
    HandOff,
    Keep,
    Returned,
    Split,
    Verdict,
    hand_off,
    stage,
)
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf, DefaultPolicy
from ipsec_lo_trace.model.packet_name import following, part_of
from ipsec_lo_trace.model.policy import Direction, Policy, PolicyType
from ipsec_lo_trace.model.questions import GATE_1_POLICY, GATE_1_TAG, PACKET_FILTER
from ipsec_lo_trace.model.records import borne
from ipsec_lo_trace.model.trace import Mark
from ipsec_lo_trace.wire import ip

MULTICAST_NIBBLE = 0xE
ANY_IN_DONE = AnyOf((IN_DONE,))
NO_IN_DONE = Absent((IN_DONE,))
IPTTLDEC = 1
IN_LOOPBACKNET = 127
"""The first byte of the addresses that only a loopback interface may receive."""
QUOTED_LEN = 68
"""Bytes of the packet that are kept for an ICMP error."""
UNREACH_HOST = defs.IcmpError(3, 1)
TIMXCEED_INTRANS = defs.IcmpError(11, 0)
REDIRECT_HOST = (5, 1)
SENT_ON = Returned(("ips_forward",), ("ips_cantforward",))
REDIRECTED = Returned(("ips_forward", "ips_redirectsent"), ("ips_cantforward",))
LOOPBACK_NET = IPv4Network("127.0.0.0/8")
"""Also the subnet of lo0's address, whose hosts send to this one directly."""


@stage(
    defs.ip_input,
    defs.ip_reass,
    defs.ip_forward,
    defs.icmp_input,
    defs.encap4_input,
    defs.ipsec4_common_input,
    defs.rip_input,
    defs.tcp_input,
    defs.udp_input,
)
def ip_input(k: Kernel, m: Mbuf, args: defs.Input) -> Verdict:
    """Check the header, ask packet filter and policy, and give the packet to its protocol.

    Source: netinet/ip_input.c, ip_input.
    Marks: reads IN_DONE (packet filter and policy gate) and, by address, the flags; adds none, removes none.
    """
    if not args.ours:
        elsewhere = _arrive(k, m)
        if elsewhere is not None:
            return elsewhere
        header = ip.read(m.data)
        if header.off & (ip.IP_MF | ip.IP_OFFMASK):
            if header.off & ip.IP_MF and (header.total_len - header.header_len) % 8:
                k.count("ips_badfrags")
                return Drop("bad-fragment", "", "a fragment other than the last has whole units of 8 bytes")
            k.count("ips_fragments")
            return hand_off(defs.ip_reass, CALL, m, None, "a fragment: to reassembly", "reassemble")
    header = ip.read(m.data)
    switch = protosw(header.proto)
    why = "not the last header: no policy check"
    if switch.pr_input is not defs.ipsec4_common_input:
        why = "no PR_LASTHDR, so the policy check is the socket's"
    if switch.last_header:
        refused, why = policy_gate(k, m)
        if refused is not None:
            return refused
    k.count("ips_delivered")
    proto_input = defs.ProtoInput(header.header_len, header.proto)
    return hand_off(switch.pr_input, PR_INPUT, m, proto_input, why, "accept" if switch.last_header else "")


def _arrive(k: Kernel, m: Mbuf) -> Verdict | None:
    """Do what ip_input does up to the test for this host's addresses; None if the packet is for this host."""
    k.count("ips_total")
    fault = _header_fault(m.data, m.rcvif)
    if fault is not None:
        counter, text = fault
        if counter:
            k.count(counter)
        return Drop("bad-ip-header", "", text)
    header = ip.read(m.data)
    m.data = m.data[: header.total_len]
    packet_filter(k, m)
    if header.options:
        routed = _options(k, m)
        if routed is not None:
            return routed
    raw_dst = ip.dst(m.data)
    return None if raw_dst in k.local or raw_dst in k.groups else _forward(k, m)


def _options(k: Kernel, m: Mbuf) -> Verdict | None:
    """Process the options; a source route may send the packet on, whether this host forwards or not."""
    header = ip.read(m.data)
    try:
        done = ip_dooptions(k, m)
    except BadOptionError as error:
        # SIMPLER: the ICMP error that follows is not sent.
        k.count("ips_badoptions")
        return Drop("bad-ip-option", "", str(error))
    if done.options != header.options:
        m.data = ip.patch(ip.with_options(m.data, done.options), dst=done.dst)
    if not done.forward:
        return None
    text = f"its source route leads on to {done.dst}"
    return hand_off(defs.ip_forward, CALL, m, defs.Forward(srcrt=True), text, "source-route")


def _forward(k: Kernel, m: Mbuf) -> Verdict:
    """Send a packet on that is not for this host, if this host forwards and the inbound policy lets it in.

    SIMPLER: the look at the outbound policy, which only decides about fast forwarding, is left out.
    """
    dst = ip.read(m.data).dst
    if k.build.forwarding == "0" or dst.is_multicast:
        k.count("ips_cantforward")
        return Drop("not-forwarding", "", f"{dst} is not an address of this host, which does not forward")
    refused, why = policy_gate(k, m, counted="ips_cantforward counts it")
    if refused is not None:
        k.count("ips_cantforward")
        return refused
    return hand_off(defs.ip_forward, CALL, m, defs.Forward(), f"for another host; {why}", "forward")


def _header_fault(data: bytes, rcvif: str) -> tuple[str, str] | None:
    """Check the IP header: the counter that moves ("" for none) and the reason, None if it is right."""
    if len(data) < ip.HEADER_LEN:
        return "ips_toosmall", "shorter than an IP header"
    if ip.version(data) != ip.IPVERSION:
        return "ips_badvers", f"IP version {ip.version(data)}"
    header_len = ip.header_len(data)
    if header_len < ip.HEADER_LEN or header_len > len(data):
        return "ips_badhlen", f"header length {header_len} bytes"
    header = ip.read(data)
    if ip.src(data)[0] >> 4 == MULTICAST_NIBBLE:
        return "ips_badaddr", f"multicast source {header.src}"
    if rcvif != LO0 and IN_LOOPBACKNET in (ip.src(data)[0], ip.dst(data)[0]):
        return "ips_badaddr", f"an address of 127/8, and it came by {rcvif}"
    if not ip.header_checksum_ok(data):
        # KERNEL: a bad checksum found in software is not counted.
        return "", "the header checksum is wrong"
    if header.total_len < header.header_len:
        return "ips_badlen", f"total length {header.total_len} is less than the header's {header.header_len}"
    if len(data) < header.total_len:
        return "ips_tooshort", f"{len(data)} bytes came of {header.total_len}"
    return None


def packet_filter(k: Kernel, m: Mbuf) -> bool:
    """Tell whether the packet filter's input hooks run: only if there is no IN_DONE tag.

    Source: netinet/ip_input.c, the pfil block, and ipsec_indone.
    """
    tag = m_tag_find(m, IN_DONE)
    if tag is not None:
        k.ask(PACKET_FILTER, borne(tag), ANY_IN_DONE, "skipped", tag)
        return False
    k.ask(PACKET_FILTER, NO_IN_DONE, ANY_IN_DONE, "runs")
    if k.build.pf == "tagging":
        pf_test(k, m)
    return True


def policy_gate(k: Kernel, m: Mbuf, counted: str = "no counter moves") -> tuple[Drop | None, str]:
    """Ask the inbound policy: by the newest IN_DONE tag if there is one, else by address."""
    if k.build.lo_ipsec == "off":
        return None, "no policy applies on lo0"
    tag = m_tag_find(m, IN_DONE)
    if tag is not None:
        sp = _policy_by_tag(k, tag)
        why = f"made for {tag.made_for}, leads to the default policy, {sp}"
    else:
        sp = ipsec_getpolicybyaddr(k, m, Direction.IN, GATE_1_POLICY, forwarding=True)
        why = f"inbound policy {sp}"
    if ipsec_in_reject(k, sp, m, gate="gate-1"):
        # KERNEL: this drop moves no counter, unless the packet was to be forwarded.
        lacks = "it is not satisfied" if sp.kind is PolicyType.IPSEC else "it discards the packet"
        return Drop("in-policy", "", f"{why}; {lacks}, and {counted}", "reject"), ""
    return None, f"{why}: accepted"


def _policy_by_tag(k: Kernel, tag: Mark) -> Policy:
    sp = ipsec_getpolicy(k, tag, Direction.IN)
    if sp is k.ip4_def_policy[Direction.IN]:
        default = DefaultPolicy(sp.kind.name.lower(), len(k.db.sptree[Direction.IN]))
        k.ask(GATE_1_TAG, borne(tag), default, "default", tag)
    else:
        k.ask(GATE_1_TAG, borne(tag), sp.record(), "found", tag)
    return sp


@stage(defs.ip_reass, defs.ip_input)
def ip_reass(k: Kernel, m: Mbuf, _args: None) -> Verdict:
    """Keep a fragment until its packet is whole; the first fragment's mbuf becomes the packet.

    Source: netinet/ip_input.c, ip_reass.  RFC 791 section 3.2.
    Marks: the packet has those of its first fragment; the others' end with their mbufs.
    """
    header = ip.read(m.data)
    key = (header.src, header.dst, header.proto, header.ident)
    queue = k.ipq.setdefault(key, FragmentQueue())
    queue.parts[(header.off & ip.IP_OFFMASK) * 8] = m
    try:
        whole = ip.reassemble({offset: part.data for offset, part in queue.parts.items()})
    except ip.WireError as error:
        del k.ipq[key]
        k.count("ips_toolong")
        return Drop("message-too-long", "", str(error))
    if whole is None:
        return Keep(f"waits for the other fragments, {len(queue.parts)} of them here")
    del k.ipq[key]
    first = queue.parts[0]
    first.data = whole
    k.count("ips_reassembled")
    text = "the packet is whole again, in its first fragment's mbuf with that one's marks"
    return hand_off(defs.ip_input, CALL, first, defs.Input(ours=True), text)


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
    redirect = None if args.srcrt else _redirect(m, route)
    m.become(following(m.packet))
    # SIMPLER: no error of ip_output's makes an ICMP error.
    text = f"goes on by {route.interface}, {'with every mark' if m.marks else 'and bears no mark'}"
    # KERNEL: what could not be sent counts as what may not be forwarded.
    returned = SENT_ON if redirect is None else REDIRECTED
    sent = defs.Output(flags=defs.IP_FORWARDING)
    output = hand_off(defs.ip_output, CALL, m, sent, text, "forward", returned=returned)
    if redirect is None:
        return output
    return Split([output, redirect], f"{text}; the sender is to be redirected", "forward")


def in_canforward(dst: IPv4Address) -> bool:
    """Tell whether packets to ``dst`` may be forwarded: not to classes D and E, network 0 and network 127.

    Source: netinet/in.c, in_canforward.
    """
    return 0 < int(dst) >> 24 < CLASS_D and dst not in LOOPBACK_NET


def _redirect(m: Mbuf, route: Route) -> HandOff | None:
    """Make the redirect that is due to a sender on lo0's subnet if the packet leaves by lo0, as it came.

    KERNEL: the copy that the redirect quotes bears the packet's tags, and of its flags what M_COPYFLAGS has.
    """
    header = ip.read(m.data)
    if not route.loopback or header.src not in LOOPBACK_NET:
        return None
    mcopy = Mbuf(m.data[:QUOTED_LEN], echo=m.echo, packet=part_of(m.packet, "copy"))
    # What the copy bears is what the packet bears now: that goes on, and changes, before the error is made.
    original = Mbuf(mcopy.data, echo=m.echo, packet=m.packet)
    original.tags, original.flags = m.tags, m.flags
    redirect = defs.IcmpError(*REDIRECT_HOST, route.gateway or header.dst, original)
    return hand_off(defs.icmp_error, CALL, mcopy, redirect, "")
