"""Inbound IPsec: find the SA, run the transform, tag what was done, queue the packet again."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, m_tag_prepend
from ipsec_lo_trace.kernel.netinet.in_proto import protosw
from ipsec_lo_trace.kernel.netinet.ip_input import policy_gate
from ipsec_lo_trace.kernel.netipsec.key import KEY_ALLOCSA
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, Kernel
from ipsec_lo_trace.machine.stage import (
    NETISR,
    PR_INPUT,
    XF_INPUT,
    Drop,
    Panic,
    Symbol,
    Verdict,
    hand_off,
    stage,
)
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import NO_LIVE_SA
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.questions import IN_SA
from ipsec_lo_trace.model.records import sa_id
from ipsec_lo_trace.model.sa import TdbIdent
from ipsec_lo_trace.wire import ip

XF_INPUTS: dict[int, Symbol[defs.XformInput]] = {
    IPPROTO_ESP: defs.esp_input,
    IPPROTO_AH: defs.ah_input,
    IPPROTO_IPCOMP: defs.ipcomp_input,
}
"""The xform switch's xf_input, by protocol."""
STATISTICS = {IPPROTO_ESP: "esps", IPPROTO_AH: "ahs", IPPROTO_IPCOMP: "ipcomps"}
"""The prefix of a protocol's counters."""
NAMES = {IPPROTO_ESP: "ESP", IPPROTO_AH: "AH", IPPROTO_IPCOMP: "IPComp"}
SPI_AT = {IPPROTO_ESP: (0, 4), IPPROTO_AH: (4, 8), IPPROTO_IPCOMP: (2, 4)}
"""Where the SPI (IPComp: the CPI) begins and ends in a protocol's header, in bytes."""
SHORTEST = 8
"""Bytes that must follow the IP header."""


@stage(defs.ipsec4_common_input, defs.esp_input, defs.ah_input, defs.ipcomp_input)
def ipsec4_common_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Find the SA by destination, protocol and SPI, and hand the packet to its transform.

    Source: netipsec/ipsec_input.c, ipsec4_common_input and ipsec_common_input.
    Marks: reads none, adds none, removes none.
    """
    stat = STATISTICS[args.proto]
    k.count(f"{stat}_input")
    if args.proto == IPPROTO_IPCOMP and k.build.ipcomp_enable == "0":
        k.count("ipcomps_pdrops")
        return Drop("ipcomp-disabled", "EOPNOTSUPP", "the kernel's ipcomp_enable is 0: no IPComp comes in")
    if len(m.data) - args.hlen < SHORTEST:
        k.count(f"{stat}_hdrops")
        return Drop("ipsec-short", "EINVAL", f"fewer than {SHORTEST} bytes follow the IP header")
    start, end = SPI_AT[args.proto]
    spi = int.from_bytes(m.data[args.hlen + start : args.hlen + end], "big")
    wanted = TdbIdent(args.proto, spi, ip.dst_text(m.data))
    sav = KEY_ALLOCSA(k, wanted)
    if sav is None:
        k.ask(IN_SA, sa_id(wanted), NO_LIVE_SA, "none")
        k.count(f"{stat}_notdb")
        return Drop("no-inbound-sa", "ENOENT", f"no live SA for {wanted}")
    text = f"finds SA 0x{spi:08x}"
    k.ask(IN_SA, sa_id(wanted), sa_id(sav.tdbi), "found")
    return hand_off(XF_INPUTS[args.proto], XF_INPUT, m, defs.XformInput(sav, args.hlen), text)


@stage(
    defs.ipsec4_common_input_cb,
    defs.ip_input,
    defs.icmp_input,
    defs.encap4_input,
    defs.ipsec4_common_input,
    defs.rip_input,
    defs.tcp_input,
    defs.udp_input,
)
def ipsec4_common_input_cb(k: Kernel, m: Mbuf, args: defs.InputDone) -> Verdict:
    """Mend the IP header, tag the packet with the SA that was used, queue it for ip_input again.

    Source: netipsec/ipsec_input.c, ipsec4_common_input_cb.
    Marks: adds IN_DONE at the head, but not for IPComp; reads none, removes none.  NetBSD's of 2018 adds
    none, and reads the flags for the policy that it asks for here.
    """
    m.data = ip.patch(m.data, total_len=len(m.data))
    sav = args.sav
    tags = k.build.in_done == "per-sa"
    if tags and sav.proto != IPPROTO_IPCOMP:
        m_tag_prepend(m, IN_DONE, sav.tdbi)
    elif tags and k.build.ipcomp_null_tag == "panic":
        # KERNEL: IPComp never gives a tag, and its case is that of a given tag, whose id is rewritten.
        return Panic("ipcomp-null-tag", "page fault: it rewrites the tag that IPComp did not give")
    if k.build.requeue == "no":
        return _handed_on(k, m)
    if k.ipintrq_len >= IFQ_MAXLEN:
        k.count(f"{STATISTICS[sav.proto]}_qfull")
        return Drop("ipintrq-full", "ENOBUFS", f"the IP input queue holds {IFQ_MAXLEN} packets and is full")
    tagged = tags and sav.proto != IPPROTO_IPCOMP
    done = f"for SA 0x{sav.spi:08x}" if tagged else f"no tag for {NAMES[sav.proto]}"
    return hand_off(defs.ip_input, NETISR, m, defs.Input(), f"{done}; input again")


def _handed_on(k: Kernel, m: Mbuf) -> Verdict:
    """Ask the inbound policy if no header follows, and give the packet to its protocol.

    Source: netipsec/ipsec_input.c 1.55, ipsec4_common_input_cb.
    """
    hlen, _ident, _off, _ttl, proto = ip.outline(m.data)
    switch = protosw(proto)
    why = "not the last header: no policy check"
    if switch.last_header:
        refused, why = policy_gate(k, m, counted="ips_in_polvio counts it")
        if refused is not None:
            k.count("ips_in_polvio")
            return refused
    args = defs.ProtoInput(hlen, proto)
    return hand_off(switch.pr_input, PR_INPUT, m, args, why, "accept" if switch.last_header else "")
