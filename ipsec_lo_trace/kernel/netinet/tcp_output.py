"""TCP output: the SYN of connect(2) and the ACK that completes a connection.

SIMPLER: of TCP this models tags, flags and policy checks while a connection opens; no data, windows, timers.
"""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import IPDEFTTL, LOMTU, Kernel
from ipsec_lo_trace.machine.stage import CALL, Returned, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_TCP
from ipsec_lo_trace.wire import build, ip, tcp

SEQ_MASK = 0xFFFFFFFF
TCP_RECVSPACE = 32768
"""The window that is offered, in bytes.

SIMPLER: TCP offers a window of 32768 bytes; the value of that week was not seen.
"""
MSS = LOMTU - ip.HEADER_LEN - tcp.HEADER_LEN
"""The maximum segment size that is offered, in bytes.

SIMPLER: the maximum segment size is what lo0's MTU leaves; how that week's kernel chose it was not seen.
"""

SENT = Returned(("tcps_sndtotal",))
"""A segment counts once ip_output has taken it."""


@stage(defs.tcp_output, defs.ip_output)
def tcp_output(k: Kernel, m: Mbuf, args: defs.TcpOutput) -> Verdict:
    """Send a segment of a connection: the SYN with its options, or an ACK.

    Source: netinet/tcp_output.c, tcp_output.  RFC 793; RFC 1323 for the options.
    Marks: the mbuf is new and bears none.
    """
    inp = args.inp
    syn = bool(args.flags & tcp.TH_SYN)
    k.count("tcps_sndctrl" if syn else "tcps_sndacks")
    segment = build.tcp_header(inp.lport, inp.fport, args.flags, TCP_RECVSPACE, mss=MSS if syn else 0)
    seq = inp.iss if syn else (inp.iss + 1) & SEQ_MASK
    # SIMPLER: path MTU discovery (net.inet.ip.mtudisc) is on, so IP_MTUDISC asks for DF.
    header = build.ip_header(IPPROTO_TCP, inp.laddr, inp.faddr, ttl=IPDEFTTL)
    m.data = tcp.packet(header, segment, seq=seq, ack=inp.rcv_nxt)
    text = f"{tcp.flags_text(args.flags)}: the segment goes out in a new mbuf"
    output = defs.Output(flags=defs.IP_MTUDISC, socket=True)
    return hand_off(defs.ip_output, CALL, m, output, text, returned=SENT)
