"""Outbound IPsec: choose the SA, wrap if asked to, run the transform, tag what was done."""

from __future__ import annotations

from functools import lru_cache

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import OUT_DONE, m_tag_prepend
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec_get_reqlevel
from ipsec_lo_trace.kernel.netipsec.key import key_checkrequest
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import (
    CALL,
    XF_OUTPUT,
    Drop,
    Panic,
    Symbol,
    Verdict,
    hand_off,
    stage,
)
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import NO_LIVE_SA
from ipsec_lo_trace.model.policy import Request
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.questions import SA, asked
from ipsec_lo_trace.model.records import sa_id
from ipsec_lo_trace.model.sa import Mode, SaIndex, SecurityAssociation
from ipsec_lo_trace.model.trace import Check
from ipsec_lo_trace.wire import ip

UNSPECIFIED = "0.0.0.0"  # noqa: S104 -- nobody's address
XF_OUTPUTS: dict[int, Symbol[defs.XformOutput]] = {
    IPPROTO_ESP: defs.esp_output,
    IPPROTO_AH: defs.ah_output,
    IPPROTO_IPCOMP: defs.ipcomp_output,
}
"""The xform switch's xf_output, by protocol."""


@stage(
    defs.ipsec4_process_packet,
    defs.ip_output,
    defs.ipip_output,
    defs.esp_output,
    defs.ah_output,
    defs.ipcomp_output,
)
def ipsec4_process_packet(k: Kernel, m: Mbuf, args: defs.Process) -> Verdict:
    """Choose an SA for the request and hand the packet to its transform, in a tunnel if need be.

    Source: netipsec/ipsec_output.c, ipsec4_process_packet and ipsec_nextisr.
    Marks: reads none, removes none; adds none, but where level "use" may go on without an SA (use_without_sa)
    an OUT_DONE that names none.
    """
    found = ipsec_nextisr(k, m, args.isr)
    if found is None:
        m_tag_prepend(m, OUT_DONE)
        again = defs.Output(flags=defs.IP_RAWOUTPUT)
        return hand_off(defs.ip_output, CALL, m, again, "no SA, and the level lets it go in clear", "clear")
    if isinstance(found, Drop):
        return found
    isr, sav = found
    xform = defs.XformOutput(isr, sav)
    text = f"uses SA 0x{sav.spi:08x}"
    if isr.mode is Mode.TUNNEL or sav.tdbi.dst not in (UNSPECIFIED, ip.dst_text(m.data)):
        return hand_off(defs.ipip_output, CALL, m, xform, f"{text}, in a tunnel: encapsulate first", "tunnel")
    return hand_off(XF_OUTPUTS[isr.proto], XF_OUTPUT, m, xform, text, "transform")


def ipsec_nextisr(k: Kernel, m: Mbuf, isr: Request) -> tuple[Request, SecurityAssociation] | Drop | None:
    """Find the next request that has an SA; without one, what the levels make of that: None to go in clear.

    Source: netipsec/ipsec_output.c, ipsec_nextisr.
    """
    current: Request | None = isr
    while current is not None:
        saidx = ipsec_saidx(m, current)
        error = key_checkrequest(k, current, saidx, ipsec_get_reqlevel(k, current))
        k.checks.append(_sa_check(current, *ip.ends_text(m.data), current.sav))
        if error:
            k.count("ips_out_nosa")
            return Drop("no-sa", error, f"no SA serves {current}, and its level asks for one")
        if current.sav is not None:
            return _ipcomp_disabled(k, current) or (current, current.sav)
        current = current.next
    if k.build.use_without_sa == "clear":
        return None
    # KERNEL: level "use" without an SA is an error here, not clear text; nothing counts it.
    return Drop("use-without-sa", "EINVAL", f"no SA serves {isr}; this code cannot go on without one")


def ipsec_saidx(m: Mbuf, isr: Request) -> SaIndex:
    """Make the index of the SA that a request wants for a packet, whose ends fill in what is not given.

    Source: netipsec/ipsec_output.c, ipsec_nextisr.
    """
    header = ip.read(m.data)
    return SaIndex(isr.proto, isr.mode, isr.reqid, isr.src or header.src, isr.dst or header.dst)


def _ipcomp_disabled(k: Kernel, isr: Request) -> Drop | None:
    """Refuse IPComp where it is switched off; esp_enable and ah_enable are 1, and nothing here turns them."""
    if isr.proto != IPPROTO_IPCOMP or k.build.ipcomp_enable == "1":
        return None
    # KERNEL: ipcomp_enable is 0 from the start, and no sysctl that changes it was found.
    k.count("ipcomps_pdrops")
    return Drop("ipcomp-disabled", "EHOSTUNREACH", "the kernel's ipcomp_enable is 0: no IPComp goes out")


@lru_cache(maxsize=1024)
def _sa_check(isr: Request, src: str, dst: str, sav: SecurityAssociation | None) -> Check:
    """Put the choice of an SA on record; the same choice is made for every packet of a run."""
    wanted = isr.record(src, dst)
    if sav is None:
        return asked(SA, wanted, NO_LIVE_SA, "none")
    return asked(SA, wanted, sa_id(sav.tdbi), "chosen")


@stage(defs.ipsec_process_done, defs.ipsec4_process_packet, defs.ip_output)
def ipsec_process_done(k: Kernel, m: Mbuf, args: defs.ProcessDone) -> Verdict:
    """Tag the packet with the SA that was applied; go on with the bundle, or output the packet again.

    Source: netipsec/ipsec_output.c, ipsec_process_done.
    Marks: adds OUT_DONE at the head; reads none, removes none.  NetBSD's of 2015 adds one at the end of the
    bundle, and it names no SA.
    """
    m.data = ip.patch(m.data, total_len=len(m.data))
    sav = args.isr.sav
    if sav is None:
        return Panic("null-sa", "page fault: the request has no SA cached any more")
    # KERNEL: the tag names the SA that the request has cached *now*, which need not be the one that was used.
    if k.build.done_tag == "per-sa":
        m_tag_prepend(m, OUT_DONE, sav.tdbi)
    if args.isr.next is not None:
        k.count("ips_out_bundlesa")
        following = defs.Process(args.isr.next)
        return hand_off(
            defs.ipsec4_process_packet,
            CALL,
            m,
            following,
            f"for SA 0x{sav.spi:08x}; the bundle goes on",
            "bundle",
        )
    if k.build.done_tag == "boolean":
        m_tag_prepend(m, OUT_DONE)
    again = defs.Output(flags=defs.IP_RAWOUTPUT)
    return hand_off(defs.ip_output, CALL, m, again, f"for SA 0x{sav.spi:08x}; output again")
