"""IP output: route, outbound IPsec, packet filter, fragments."""

from __future__ import annotations

from functools import lru_cache

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import (
    OUT_CRYPTO_NEEDED,
    OUT_DONE,
    PENDING_TDB,
    m_tag_delete,
    m_tag_find,
    m_tag_walk,
    tdb_ident,
)
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec4_checkpolicy, ipsec_getpolicy
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, LOMTU, Kernel
from ipsec_lo_trace.machine.symbols import stage
from ipsec_lo_trace.machine.verdicts import CALL, IF_OUTPUT, Drop, HandOff, Split, Verdict
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Direction, Policy, PolicyType
from ipsec_lo_trace.model.sa import PROTO_NAMES
from ipsec_lo_trace.model.trace import Check
from ipsec_lo_trace.wire import ip

SILENTLY = "-EINVAL"
"""ipsec4_checkpolicy's error for: drop the packet and tell the caller nothing."""


@stage(defs.ip_output, defs.ipsec4_process_packet, defs.looutput)
def ip_output(k: Kernel, m: Mbuf, args: defs.Output) -> Verdict:
    """Send a packet: through IPsec if a policy says so and it has not been through, else to lo0.

    Source: netinet/ip_output.c, ip_output.
    Marks: reads PENDING_TDB (and removes it) and OUT_DONE; adds none.
    """
    note = ""
    if not args.flags & (defs.IP_FORWARDING | defs.IP_RAWOUTPUT):
        note = _complete_header(k, m, args.options)
    header = ip.read(m.data)
    if ip.dst(m.data) not in k.local:
        k.count("ips_noroute")
        return Drop("no-route", "EHOSTUNREACH", f"no route to {header.dst}: lo0 is the only interface")
    if int(header.src) == 0:
        m.data = ip.patch(m.data, src=header.dst)
    sp, error = _outbound_policy(k, m, socket=args.socket)
    if error:
        return Drop("out-policy", "" if error == SILENTLY else error, "the outbound policy discards it")
    if sp is None:
        return _send(k, m, f"{note}no outbound policy asks for IPsec", "no-ipsec")
    settled, why = loop_detection(k, m, sp)
    if settled:
        return _send(k, m, f"{note}{why}", "skip")
    process = defs.Process(sp.requests[0])
    return HandOff(
        defs.ipsec4_process_packet,
        CALL,
        m,
        process,
        f"{note}policy {sp}; {why}",
        "apply",
        hides="ENOENT",
    )


def _complete_header(k: Kernel, m: Mbuf, options: bytes) -> str:
    """Insert options, give the packet an identification, count it as this host's own; say what was odd.

    Source: netinet/ip_output.c, ip_output and ip_insertoptions.
    """
    k.count("ips_localout")
    header = ip.read(m.data)
    payload = m.data[header.header_len :]
    # KERNEL: options that would make the packet too long are left out, and nobody is told.
    note = ""
    if len(m.data) + len(options) > IP_MAXPACKET:
        options, note = b"", "the IP options do not fit and are left out; "
    header_len = ip.HEADER_LEN + len(options)
    fresh = header._replace(
        ident=k.next_ip_id(), off=header.off & ip.IP_DF, options=options, header_len=header_len
    )
    m.data = ip.write(fresh, payload)
    return note


def _outbound_policy(k: Kernel, m: Mbuf, *, socket: bool) -> tuple[Policy | None, str]:
    """Ask the PENDING_TDB tag, else the SPD, what the outbound policy is."""
    pending = m_tag_find(m, PENDING_TDB)
    if pending is None:
        return ipsec4_checkpolicy(k, m, socket=socket)
    sp = ipsec_getpolicy(k, pending, Direction.OUT)
    m_tag_delete(m, pending)
    return (sp if sp.kind is PolicyType.IPSEC else None), ""


def loop_detection(k: Kernel, m: Mbuf, sp: Policy) -> tuple[bool, str]:
    """Tell whether a tag says that the policy's SA has been applied, and why.

    Source: netinet/ip_output.c, ip_output, the FAST_IPSEC block.

    KERNEL: only the first request's SA counts, and that is the SA which the policy used last, for whatever
    packet.  Nothing asks for which packet the tag was made.
    """
    cached = sp.requests[0].sav
    for tag in m_tag_walk(m, OUT_DONE, OUT_CRYPTO_NEEDED):
        ident = tdb_ident(tag)
        left = f"{tag.name} {ident}, made for {tag.made_for}"
        if cached is None:
            k.ask("loop-detection", left, "no SA used yet", "not done: nothing to compare with")
            return False, "it used no SA yet, so no tag can match"
        if ident == cached.tdbi:
            k.ask("loop-detection", left, str(cached.tdbi), "equal: done already", tag)
            return True, f"made for {tag.made_for}, names the SA that its policy used last: skip IPsec"
        k.ask("loop-detection", left, str(cached.tdbi), "different: look on")
    return False, "no tag names its SA"


@lru_cache(maxsize=256)
def _filter_check(proto: int) -> Check:
    """Put on record where the packet filter's output hooks (PFIL_OUT) run, and on what."""
    return Check(
        "packet-filter-out", PROTO_NAMES.get(proto, str(proto)), "PFIL_OUT", "the output hooks run here"
    )


def _send(k: Kernel, m: Mbuf, why: str, decision: str) -> Verdict:
    """Show the packet to the filter's output hooks, and give it to lo0, in fragments if it is too long."""
    k.checks.append(_filter_check(ip.read(m.data).proto))
    if len(m.data) <= LOMTU:
        return HandOff(defs.looutput, IF_OUTPUT, m, None, why, decision)
    if len(m.data) > IP_MAXPACKET:
        return Drop("message-too-long", "EMSGSIZE", "the packet exceeds 65535 bytes")
    whole_len = len(m.data)
    pieces = ip.fragment(m.data, LOMTU)
    k.count("ips_fragmented")
    k.count("ips_ofragments", len(pieces))
    m.data = pieces[0]
    others = [
        Mbuf(piece, echo=m.echo, packet=f"{m.packet}/{number}")
        for number, piece in enumerate(pieces[1:], start=2)
    ]
    parts = [HandOff(defs.looutput, IF_OUTPUT, part, None, "") for part in (m, *others)]
    cut = f"{whole_len} bytes exceed the MTU of {LOMTU}: {len(pieces)} fragments, marks on the first only"
    return Split(parts, f"{why}; {cut}", decision)
