"""IP in IP: the outer header of tunnel mode, put on and taken off.  RFC 2003."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netipsec.ipsec_output import XF_OUTPUTS
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, IPDEFTTL, Kernel
from ipsec_lo_trace.machine.stage import NETISR, XF_OUTPUT, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_IPIP
from ipsec_lo_trace.wire import build, ip


@stage(defs.ipip_output, defs.esp_output, defs.ah_output, defs.ipcomp_output)
def ipip_output(k: Kernel, m: Mbuf, args: defs.XformOutput) -> Verdict:
    """Put an outer IP header with the SA's ends before the packet.

    Source: netipsec/xform_ipip.c, ipip_output.  RFC 2003; RFC 3168 for the ECN bits.
    Marks: reads none, adds none, removes none.
    """
    ends = args.sav.index
    if int(ends.src) == 0 or int(ends.dst) == 0:
        k.count("ipips_unspec")
        return Drop("tunnel-unspecified", "EINVAL", "an end of the SA is 0.0.0.0: no outer header")
    inner = ip.read(m.data)
    # KERNEL: nothing asks here whether the packet grows too long; the transform does.
    outer = build.ip_header(IPPROTO_IPIP, ends.src, ends.dst, ttl=IPDEFTTL)
    k.count("ipips_opackets")
    k.count("ipips_obytes", len(m.data))
    m.data = ip.filled(outer, m.data, ident=k.next_ip_id(), tos=inner.tos)
    text = f"wraps the packet in an outer header {ends.src} to {ends.dst}"
    return hand_off(XF_OUTPUTS[args.isr.proto], XF_OUTPUT, m, args, text)


@stage(defs.ip4_input, defs.ip_input)
def ip4_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Cut the outer IP header off and queue the inner packet for ip_input.

    Source: netipsec/xform_ipip.c, ip4_input and _ipip_input.
    Marks: reads none, adds none, removes none: the inner packet keeps the outer one's history.

    The test against spoofed inner addresses is skipped on a loopback interface, hence always here.
    """
    k.count("ipips_ipackets")
    inner = m.data[args.hlen :]
    if len(inner) < ip.HEADER_LEN:
        k.count("ipips_hdrops")
        return Drop("ipip-short", "", "the inner packet is shorter than an IP header")
    if ip.version(inner) != ip.IPVERSION:
        k.count("ipips_family")
        return Drop("ipip-family", "", f"the inner packet is of IP version {ip.version(inner)}")
    # KERNEL: the outer header is taken off the length once more, when it is gone already.
    k.count("ipips_ibytes", len(inner) - args.hlen)
    if k.ipintrq_len >= IFQ_MAXLEN:
        k.count("ipips_qfull")
        return Drop("ipintrq-full", "ENOBUFS", f"the IP input queue holds {IFQ_MAXLEN} packets and is full")
    m.data, m.layout = inner, "apart"
    return hand_off(
        defs.ip_input, NETISR, m, defs.Input(), "cuts the outer header off and queues the inner packet"
    )
