"""The lookup half of key.c: policies by selector, SAs by request and by identity.

The half that answers PF_KEY messages (key_add, key_spdadd, ...) is in key_pfkey.py.
"""

from __future__ import annotations

from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.databases import SaHead
from ipsec_lo_trace.model.policy import (
    PORT_ANY,
    ULPROTO_ANY,
    Direction,
    Level,
    PacketSelector,
    Policy,
    Request,
)
from ipsec_lo_trace.model.sa import Mode, SaIndex, SaState, SecurityAssociation, TdbIdent

FLOWS = 4096
"""Selectors of packets whose policy is kept."""


def KEY_ALLOCSP(k: Kernel, packet: PacketSelector, direction: Direction) -> Policy | None:
    """Find the first policy, in list order, whose selector covers the packet's.

    Source: netipsec/key.c, key_allocsp.
    """
    # A run asks the same for every packet of a flow, and its policies stay: what the walk found is kept.
    found = k.db.covering
    key = direction, packet
    if key not in found:
        if len(found) >= FLOWS:
            found.clear()
        walk = (sp for sp in k.db.sptree[direction] if key_cmpspidx_withmask(sp, packet))
        found[key] = next(walk, None)
    return found[key]


def key_cmpspidx_withmask(sp: Policy, packet: PacketSelector) -> bool:
    """Tell whether a policy's selector covers a packet's: protocol, ports, then both prefixes.

    Source: netipsec/key.c, key_cmpspidx_withmask.
    """
    policy = sp.selector
    return (
        policy.ul_proto in (ULPROTO_ANY, packet.ul_proto)
        and policy.src_port in (PORT_ANY, packet.src_port)
        and policy.dst_port in (PORT_ANY, packet.dst_port)
        and packet.src in policy.src
        and packet.dst in policy.dst
    )


def KEY_ALLOCSP2(k: Kernel, tdbi: TdbIdent, direction: Direction) -> Policy | None:
    """Find the policy that a tag's SA belongs to.

    Source: netipsec/key.c, key_allocsp2.

    The policy's upper-layer protocol must equal the SA's protocol (50 or 51), and its first request must have
    used that very SA.  Inbound policies never use one, so inbound this always misses.  With the switch
    alloc_sp2=mended (ours) it is the first policy with a request that the SA serves.
    """
    if k.build.alloc_sp2 == "mended":
        return _policy_of_sa(k, tdbi, direction)
    # KERNEL: the selector's protocol is compared with ESP's or AH's own number.
    for sp in k.db.by_upper.get((direction, tdbi.proto), ()):
        sav = sp.requests[0].sav if sp.requests else None
        if sav is not None and sav.spi == tdbi.spi and sav.tdbi.dst == tdbi.dst:
            return sp
    return None


def _policy_of_sa(k: Kernel, tdbi: TdbIdent, direction: Direction) -> Policy | None:
    """Find the first policy with a request that the SA fits; a transport SA's ends must be covered."""
    sav = KEY_ALLOCSA(k, tdbi)
    if sav is None:
        return None
    ends = sav.index
    for sp in k.db.sptree[direction]:
        covered = ends.src in sp.selector.src and ends.dst in sp.selector.dst
        for isr in sp.requests:
            wanted = SaIndex(isr.proto, isr.mode, isr.reqid, isr.src or ends.src, isr.dst or ends.dst)
            if _head_fits(ends, wanted) and (covered or isr.mode is Mode.TUNNEL):
                return sp
    return None


def KEY_ALLOCSA(k: Kernel, tdbi: TdbIdent) -> SecurityAssociation | None:
    """Find a live SA by destination, protocol and SPI; the source is not looked at.

    Source: netipsec/key.c, key_allocsa.
    """
    for head in k.db.by_ident.get(tdbi, ()):
        for sav in head.by_spi[tdbi.spi]:
            if sav.state is SaState.MATURE:
                return sav
    return None


def key_checkrequest(k: Kernel, isr: Request, saidx: SaIndex, level: Level) -> Errno:
    """Choose the SA for a request and cache it there; give an errno, "" for success.

    Source: netipsec/key.c, key_checkrequest.

    The cached SA is dropped first.  Without an SA a key daemon would be asked (nobody listens here); then
    ENOENT if the level asks for protection, else success with no SA cached.
    """
    isr.sav = None
    isr.sav = key_allocsa_policy(k, saidx)
    if isr.sav is None and level in (Level.REQUIRE, Level.UNIQUE):
        return "ENOENT"
    return ""


def key_lookup_policy(k: Kernel, saidx: SaIndex) -> SecurityAssociation | None:
    """Tell which SA key_allocsa_policy would choose, and leave every SA as it is."""
    head = _fitting_head(k, saidx)
    alive = [sav for sav in head.savs if sav.state is SaState.MATURE] if head else []
    return _newest(alive) if alive else None


def key_allocsa_policy(k: Kernel, saidx: SaIndex) -> SecurityAssociation | None:
    """Take the first SA head that fits the request, and in it the SA to use.

    Source: netipsec/key.c, key_allocsa_policy and key_cmpsaidx.

    A head fits if protocol and both ends are equal, reqid too if the request has one, and its mode is the
    request's or "any".
    """
    head = _fitting_head(k, saidx)
    return key_do_allocsa_policy(k, head) if head else None


def _fitting_head(k: Kernel, saidx: SaIndex) -> SaHead | None:
    heads = k.db.by_ends.get((saidx.proto, saidx.src, saidx.dst), ())
    return next((head for head in heads if _head_fits(head.index, saidx)), None)


def _head_fits(head: SaIndex, wanted: SaIndex) -> bool:
    return (
        head.proto == wanted.proto
        and (wanted.reqid in (0, head.reqid))
        and head.mode in (Mode.ANY, wanted.mode)
        and head.src == wanted.src
        and head.dst == wanted.dst
    )


def key_do_allocsa_policy(k: Kernel, head: SaHead) -> SecurityAssociation | None:
    """Use the newest live SA of a head, and mark the others DEAD unless net.key.prefered_oldsa is 1.

    Source: netipsec/key.c, key_do_allocsa_policy.

    KERNEL: prefered_oldsa asks for the oldest, but ages are compared in whole seconds, and of SAs as old as
    each other the first in the list, which is the newest, stays: those of one setkey(8) file are.
    """
    alive = [sav for sav in head.savs if sav.state is SaState.MATURE]
    if not alive:
        return None
    chosen = _newest(alive)
    if k.build.prefered_oldsa == "0":
        for sav in alive:
            if sav is not chosen:
                sav.state = SaState.DEAD
    return chosen


def _newest(alive: list[SecurityAssociation]) -> SecurityAssociation:
    return max(alive, key=lambda sav: sav.added)
