"""TCP's answer to a segment that no connection wants: a RST, as a rule in the segment's own mbuf."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import strip
from ipsec_lo_trace.kernel.state import IPDEFTTL, Kernel
from ipsec_lo_trace.machine.stage import CALL, Verdict, hand_off, stage
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
    # KERNEL: the mbuf is used again if there is more in it than both headers; a SYN has options, so it is.
    longer = len(m.data) > ip.HEADER_LEN + tcp.HEADER_LEN
    # SIMPLER: clusters, and TCP headers in an mbuf behind the first, are not modelled.  NetBSD's own stack
    # (2016 sources, run as a user-space kernel) uses the mbuf again for a SYN that came by ESP.
    reused = longer and ip.outline(answered)[0] == ip.HEADER_LEN
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
    return hand_off(defs.ip_output, CALL, m, defs.Output(), text, "reuse" if reused else "new-mbuf")
