"""TCP's answer to a segment that no connection wants: a RST, as a rule in the segment's own mbuf."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import strip
from ipsec_lo_trace.kernel.state import IPDEFTTL, Kernel
from ipsec_lo_trace.machine.stage import CALL, Verdict, hand_off, stage
from ipsec_lo_trace.model.codes import Decision
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import following
from ipsec_lo_trace.wire import ip, tcp


@stage(defs.tcp_respond, defs.ip_output)
def tcp_respond(k: Kernel, m: Mbuf, args: defs.TcpRespond) -> Verdict:
    """Answer a segment with a RST, in the segment's own mbuf if that is longer than two bare headers.

    Source: netinet/tcp_subr.c, tcp_respond.
    Marks: an answer in the segment's mbuf inherits all of them; with the proposal "strict" no tag.
    """
    answered = m.data
    reused, decision = _used_again(k, m)
    if reused:
        m.become(following(m.packet))
        text = "made in the segment's mbuf, with its marks" if m.marks else "made in the segment's mbuf"
        stripped = strip(k, m, k.build.tcp_respond)
        text = f"made in the segment's mbuf: {stripped}" if stripped else text
    else:
        m = Mbuf(b"", echo=m.echo, packet=following(m.packet))
        text = "made in a new mbuf, without a mark; the segment is freed"
    # KERNEL: a new mbuf gets a copy of both headers, so either way they are changed where they stand.
    m.data = tcp.turned(answered, seq=args.seq, ack=args.ack, flags=args.flags, ttl=IPDEFTTL)
    text = f"{tcp.flags_text(args.flags)}: {text}"
    return hand_off(defs.ip_output, CALL, m, defs.Output(), text, decision)


def _used_again(k: Kernel, m: Mbuf) -> tuple[bool, Decision]:
    """Tell whether the answer is made in the segment's mbuf, and whether all builds decide so.

    Source: netinet/tcp_subr.c, tcp_respond: m_len over 40, no cluster, the TCP header contiguous.

    KERNEL: the mbuf is used again if there is more in it than both headers; a SYN has options, so it is,
    whether it came in clear or by ESP in transport mode.
    SIMPLER: no mbuf is modelled but for this.  After AH, m_len is what tcp_input pulls up, max_protohdr.
    After AH and then ESP, a tunnel or IPComp there is a cluster, or the TCP header lies apart, as in the
    64-bit builds of NetBSD's own stack (2016 sources) that ran.
    """
    if len(m.data) <= ip.HEADER_LEN + tcp.HEADER_LEN or ip.outline(m.data)[0] != ip.HEADER_LEN:
        return False, "new-mbuf"
    if m.layout == "whole":
        return True, "reuse"
    if m.layout == "pulled-up" and k.build.max_protohdr == "60":
        return True, "reuse-by-layout"
    return False, "new-mbuf-by-layout"
