"""IP output: route, outbound IPsec, packet filter, fragments."""

from __future__ import annotations

from functools import lru_cache

from msgspec import structs

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import m_copy_pkthdr, m_keep_copied
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import (
    OUT_CRYPTO_NEEDED,
    OUT_DONE,
    PENDING_TDB,
    m_tag_delete,
    m_tag_find,
    m_tag_walk,
    strip,
    tdb_ident,
)
from ipsec_lo_trace.kernel.net.pf import pf_test
from ipsec_lo_trace.kernel.net.route import LO0, Route, rtalloc, source_for
from ipsec_lo_trace.kernel.netipsec.ipsec import (
    SILENTLY,
    Silently,
    ipsec4_checkpolicy,
    ipsec_getpolicy,
    returns_at_once,
)
from ipsec_lo_trace.kernel.netipsec.ipsec_output import ipsec_saidx
from ipsec_lo_trace.kernel.netipsec.key import key_lookup_policy
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, Kernel
from ipsec_lo_trace.machine.stage import CALL, IF_OUTPUT, Drop, HandOff, Split, Verdict, hand_off, stage
from ipsec_lo_trace.model.codes import Decision, Errno
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import NO_SA_USED, AnyOf, Hook, Protocol
from ipsec_lo_trace.model.packet_name import part_of
from ipsec_lo_trace.model.policy import Direction, Policy, PolicyType
from ipsec_lo_trace.model.questions import LOOP_DETECTION, PACKET_FILTER_OUT, asked
from ipsec_lo_trace.model.records import borne, sa_id
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.trace import Check
from ipsec_lo_trace.wire import ip

IP_DEFAULT_MULTICAST_TTL = 1
ANY_OUT_TAG = AnyOf((OUT_DONE, OUT_CRYPTO_NEEDED))
"""The tags that loop detection looks at."""
INADDR_ANY = bytes(4)
PFIL_OUT = Hook("PFIL_OUT")
"""The packet filter's output hooks."""


@stage(
    defs.ip_output,
    defs.ip_output,
    defs.ipsec4_process_packet,
    defs.ip_mloopback,
    defs.looutput,
    defs.ether_output,
)
def ip_output(k: Kernel, m: Mbuf, args: defs.Output) -> Verdict:
    """Send a packet: through IPsec if a policy says so and it has not been through, else to its interface.

    Source: netinet/ip_output.c, ip_output.
    Marks: reads PENDING_TDB (and removes it) and OUT_DONE; adds none.  KAME's deletes the IPsec tags,
    FreeBSD's clears the flags, right before if_output; a packet filter that tags adds PF.
    """
    note = ""
    if not args.sendit and not args.flags & (defs.IP_FORWARDING | defs.IP_RAWOUTPUT):
        note = _complete_header(k, m, args)
    header = ip.read(m.data)
    local = ip.dst(m.data) in k.local
    route = LO0 if local else rtalloc(k, header.dst)
    if route is None:
        k.count("ips_noroute")
        return Drop("no-route", "EHOSTUNREACH", f"no route to {header.dst}: lo0 is the only interface")
    if ip.src(m.data) == INADDR_ANY:
        m.data = ip.patch(m.data, src=source_for(k, header.dst))
    if not local and not args.sendit and header.dst.is_multicast:
        return _multicast(k, m, args, route)
    returned = returns_at_once(k, m)
    if returned:
        return _send(k, m, route, f"{note}{returned}", "skip")
    if args.bypass:
        return _send(k, m, route, f"{note}the socket's own policy is to bypass IPsec", "no-ipsec")
    sp, error = (None, "") if _spared(k, route) else _outbound_policy(k, m, args)
    if error:
        return Drop("out-policy", "" if error == SILENTLY else error, "the outbound policy discards it")
    if sp is None:
        return _send(k, m, route, f"{note}no outbound policy asks for IPsec", "no-ipsec")
    settled, why = loop_detection(k, m, sp)
    if settled:
        return _send(k, m, route, f"{note}{why}", "skip")
    process = defs.Process(sp.requests[0])
    return hand_off(
        defs.ipsec4_process_packet,
        CALL,
        m,
        process,
        f"{note}policy {sp}; {why}",
        "apply",
        hides="ENOENT",
    )


def _complete_header(k: Kernel, m: Mbuf, args: defs.Output) -> str:
    """Insert options, give the packet an identification, count it as this host's own; say what was odd.

    Source: netinet/ip_output.c, ip_output and ip_insertoptions.
    """
    k.count("ips_localout")
    # KERNEL: options that would make the packet too long are left out, and nobody is told.
    whole, hop, note = m.data, args.first_hop, ""
    if len(whole) + len(args.options) > IP_MAXPACKET:
        hop, note = None, "the IP options do not fit and are left out; "
    elif args.options:
        whole = ip.with_options(whole, args.options)
        # SIMPLER: they go into an mbuf put in front, with a copied header, even where there would be room.
        m_keep_copied(k, m)
    # KERNEL: DF is the caller's to ask for, which ICMP never does: no answer has it.
    off = ip.IP_DF if args.flags & defs.IP_MTUDISC else 0
    m.data = ip.patch(whole, ident=k.next_ip_id(), off=off, dst=hop)
    return note


def _multicast(k: Kernel, m: Mbuf, args: defs.Output, route: Route) -> Verdict:
    """Loop a copy if this host is in the group; send the packet on unless its interface is lo0.

    Source: netinet/ip_output.c, ip_output, the multicast branch.  RFC 1112.
    """
    m.data = ip.patch(m.data, ttl=IP_DEFAULT_MULTICAST_TTL)
    parts: list[HandOff] = [looped(m, route.interface)] if ip.dst(m.data) in k.groups else []
    text = "to a group: a copy comes back" if parts else "to a group that this host is not in"
    if not route.loopback:
        parts.append(hand_off(defs.ip_output, CALL, m, structs.replace(args, sendit=True), ""))
        return Split(parts, f"{text}; the packet itself goes on to IPsec", "multicast")
    # KERNEL: what goes to a group on lo0 ends here, and nobody is told; its copy is all that the host hears.
    if not parts:
        return Drop("not-in-group", "", f"{text}; on lo0 nobody else could be")
    return Split(parts, f"{text}; the packet itself is not sent on lo0", "multicast")


def _spared(k: Kernel, route: Route) -> bool:
    """Tell whether IPsec does not apply to the interface: Linux's lo."""
    return k.build.lo_ipsec == "off" and route.loopback


def _outbound_policy(k: Kernel, m: Mbuf, args: defs.Output) -> tuple[Policy | None, Errno | Silently]:
    """Ask the PENDING_TDB tag, else the SPD, what the outbound policy is."""
    pending = m_tag_find(m, PENDING_TDB)
    if pending is None:
        forwarding = bool(args.flags & defs.IP_FORWARDING)
        return ipsec4_checkpolicy(k, m, socket=args.socket, forwarding=forwarding)
    sp = ipsec_getpolicy(k, pending, Direction.OUT)
    m_tag_delete(m, pending)
    return (sp if sp.kind is PolicyType.IPSEC else None), ""


def loop_detection(k: Kernel, m: Mbuf, sp: Policy) -> tuple[bool, str]:
    """Tell whether a tag says that the policy's SA has been applied, and why.

    Source: netinet/ip_output.c, ip_output, the FAST_IPSEC block.

    A tag that names no SA (NetBSD's of 2015) says: done.
    KERNEL: only the first request's SA counts, and that is the SA which the policy used last, for whatever
    packet.  Nothing asks for which packet the tag was made.
    """
    cached = _compared(k, m, sp)
    for tag in m_tag_walk(m, *ANY_OUT_TAG.names):
        if tag.proto is None or k.build.loop_detect == "any-out-done":
            k.ask(LOOP_DETECTION, borne(tag), ANY_OUT_TAG, "done", tag)
            return True, f"made for {tag.made_for}, and any will do: skip IPsec"
        ident = tdb_ident(tag)
        if cached is None:
            k.ask(LOOP_DETECTION, borne(tag), NO_SA_USED, "nothing-to-compare")
            return False, "it used no SA yet, so no tag can match"
        if ident == cached.tdbi:
            k.ask(LOOP_DETECTION, borne(tag), sa_id(cached.tdbi), "done", tag)
            return True, f"made for {tag.made_for}, names the SA that its policy used last: skip IPsec"
        k.ask(LOOP_DETECTION, borne(tag), sa_id(cached.tdbi), "different")
    return False, "no tag names its SA"


def _compared(k: Kernel, m: Mbuf, sp: Policy) -> SecurityAssociation | None:
    """Return the SA that a tag must name: the policy's cached one, or the one that this packet would get."""
    isr = sp.requests[0]
    if k.build.loop_detect != "own-sa" or m_tag_find(m, OUT_DONE) is None:
        return isr.sav
    return key_lookup_policy(k, ipsec_saidx(m, isr))


@lru_cache(maxsize=256)
def _filter_check(proto: int) -> Check:
    """Put on record where the packet filter's output hooks (PFIL_OUT) run, and on what."""
    return asked(PACKET_FILTER_OUT, Protocol(proto), PFIL_OUT, "runs")


def _send(k: Kernel, m: Mbuf, route: Route, why: str, decision: Decision) -> Verdict:
    """Show the packet to the filter's output hooks, and give it to its interface, cut if it is too long."""
    k.checks.append(_filter_check(ip.outline(m.data)[4]))
    if k.build.pf == "tagging":
        pf_test(k, m)
    # KAME's ipsec_delaux deletes the IPsec tags here, FreeBSD's M_PROTOFLAGS clears the flags.
    stripped = strip(k, m, k.build.if_output) if m.marks else ""
    if stripped:
        why += f"; {stripped}"
    if len(m.data) <= route.mtu:
        return hand_off(route.if_output, IF_OUTPUT, m, route.interface, why, decision)
    if len(m.data) > IP_MAXPACKET:
        return Drop("message-too-long", "EMSGSIZE", "the packet exceeds 65535 bytes")
    if ip.read(m.data).off & ip.IP_DF:
        k.count("ips_cantfrag")
        text = f"{len(m.data)} bytes exceed the MTU of {route.mtu}, and DF forbids to cut"
        return Drop("cannot-fragment", "EMSGSIZE", text)
    whole_len = len(m.data)
    pieces = ip.fragment(m.data, route.mtu)
    k.count("ips_fragmented")
    # KERNEL: ip_fragment counts those that it makes, and the first stays in the packet's own mbuf.
    k.count("ips_ofragments", len(pieces) - 1)
    m.data = pieces[0]
    others = [
        Mbuf(piece, echo=m.echo, packet=part_of(m.packet, number))
        for number, piece in enumerate(pieces[1:], start=2)
    ]
    parts = [hand_off(route.if_output, IF_OUTPUT, part, route.interface, "") for part in (m, *others)]
    cut = f"{whole_len} bytes exceed the MTU of {route.mtu}: {len(pieces)} fragments, marks on the first only"
    return Split(parts, f"{why}; {cut}", decision)


def looped(m: Mbuf, ifp: str) -> HandOff:
    """Hand a fresh mbuf with the packet's bytes to ip_mloopback: P1/loop1 before IPsec, P1/loop2 after it."""
    number = m.visits.get(defs.ip_output.name, 0) // 2 + 1
    copym = Mbuf(m.data, echo=m.echo, packet=part_of(m.packet, f"loop{number}"))
    return hand_off(defs.ip_mloopback, CALL, copym, defs.Loopback(m, ifp), "")


@stage(defs.ip_mloopback, defs.looutput)
def ip_mloopback(k: Kernel, m: Mbuf, args: defs.Loopback) -> Verdict:
    """Copy a multicast packet that this host's own group is to get, and loop the copy back.

    Source: netinet/ip_output.c, ip_mloopback.
    Marks: adds copies of the original's tags, and of the flags that are copied (M_COPY_PKTHDR).

    This comes before the IPsec block of ip_output.  The copy is not cut to the MTU.  KERNEL: looutput is
    given the interface of the route, not lo0, so there the copy seems to have come in.
    """
    original = args.original
    m_copy_pkthdr(k, m, original)
    m.data = ip.patch(m.data)
    marks = ", with copies of its marks" if m.marks else ", which bears no mark"
    return hand_off(defs.looutput, IF_OUTPUT, m, args.ifp, f"a copy of {original.packet}{marks}", "copy")
