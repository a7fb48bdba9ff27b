"""TCP input, as far as opening and refusing a connection goes.

SIMPLER: of TCP this models tags, flags and policy checks while a connection opens.  There are no timers, so
nothing is sent again, and a connection that is open takes nothing more.
"""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.in_pcb import in_pcblookup_bind, in_pcblookup_connect
from ipsec_lo_trace.kernel.netinet.tcp_output import MSS, SEQ_MASK, TCP_RECVSPACE
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec4_in_reject
from ipsec_lo_trace.kernel.state import IPDEFTTL, Kernel
from ipsec_lo_trace.machine.stage import CALL, Deliver, Drop, Returned, Verdict, hand_off, stage
from ipsec_lo_trace.model.codes import Decision
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import following
from ipsec_lo_trace.model.proto import IPPROTO_TCP
from ipsec_lo_trace.wire import build, ip, tcp
from ipsec_lo_trace.wire.tcp import TH_ACK, TH_RST, TH_SYN, TcpHeader

ANSWERED = Returned(("tcps_sc_added", "tcps_sndacks", "tcps_sndtotal"), ("tcps_sc_dropped",))
"""A SYN that could not be answered is dropped from the SYN cache, or never added to it."""


@stage(defs.tcp_input, defs.syn_cache_respond, defs.tcp_output, defs.tcp_respond)
def tcp_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Find the connection that a segment is for and ask its inbound policy; refuse it if there is none.

    Source: netinet/tcp_input.c, tcp_input and syn_cache_get.
    Marks: reads the flags (through the policy check, which a listening socket skips) and not IN_DONE.
    """
    k.count("tcps_rcvtotal")
    header, segment = ip.read(m.data), m.data[args.hlen :]
    th = tcp.read(segment)
    if th is None:
        k.count("tcps_rcvshort" if len(segment) < tcp.HEADER_LEN else "tcps_rcvbadoff")
        return Drop("tcp-malformed", "", "the segment ends inside its header")
    inp = _connection(k, header, th)
    if inp is None:
        k.count("tcps_noport")
        return _reset(m, th, len(segment), f"no socket has port {th.dport}, so no policy check: ", "no-port")
    # KERNEL: a listening socket's check is compiled under options IPSEC, not FAST_IPSEC (read in the 2.0
    # branch; mended by 2008), so SYN and ACK open a connection in clear whatever the inbound policy.
    if inp.t_state != "TCPS_LISTEN" and ipsec4_in_reject(k, m, gate="gate-2"):
        # KERNEL: the refusal is counted twice, in ipsec4_in_reject and here.
        k.count("ips_in_polvio")
        return Drop("socket-policy", "", "the socket's inbound policy refuses it", "reject")
    # KERNEL: the checksum comes after all that; a segment to a port without a socket is answered unchecked.
    if not tcp.checksum_ok(header, segment):
        k.count("tcps_rcvbadsum")
        return Drop("tcp-malformed", "", "the TCP checksum is wrong")
    if inp.t_state == "TCPS_LISTEN":
        return _listening(k, m, inp, th)
    return _connecting(k, m, inp, th)


def _connection(k: Kernel, header: ip.IpHeader, th: TcpHeader) -> Inpcb | None:
    """Find the PCB: one that is connected to the sender first, then one that listens on the port."""
    local = header.dst, th.dport
    inp = in_pcblookup_connect(k.pcbs, IPPROTO_TCP, (header.src, th.sport), local)
    if inp is None:
        k.count("tcps_pcbhashmiss")
        inp = in_pcblookup_bind(k.pcbs, IPPROTO_TCP, local)
    return inp


def _reset(m: Mbuf, th: TcpHeader, segment_len: int, why: str, decision: Decision) -> Verdict:
    """Have a segment answered with a RST (label dropwithreset); a RST gets no answer."""
    if th.flags & TH_RST:
        return Drop("tcp-unwanted", "", f"{why}a RST gets no answer", decision)
    respond = defs.TcpRespond(0, th.ack, TH_RST)
    if not th.flags & TH_ACK:
        taken = segment_len - th.header_len + bool(th.flags & TH_SYN)
        respond = defs.TcpRespond((th.seq + taken) & SEQ_MASK, 0, TH_RST | TH_ACK)
    return hand_off(defs.tcp_respond, CALL, m, respond, f"{why}a RST", decision)


def _listening(k: Kernel, m: Mbuf, inp: Inpcb, th: TcpHeader) -> Verdict:
    """Take a segment to a listening socket: a SYN, or the ACK of a SYN-ACK."""
    if th.flags & (TH_RST | TH_ACK | TH_SYN) == TH_SYN:
        text = "a listening socket, so no policy check: the SYN is answered"
        return hand_off(defs.syn_cache_respond, CALL, m, defs.SynCache(inp, th), text)
    header = ip.read(m.data)
    iss = k.syn_cache.get((header.src, th.sport, header.dst, th.dport))
    # SIMPLER: a wrong acknowledgement is refused at once; the kernel sends the SYN-ACK again.
    if iss is None or th.flags & (TH_RST | TH_SYN) or th.ack != (iss + 1) & SEQ_MASK:
        k.count("tcps_badsyn")
        return _reset(m, th, len(m.data) - header.header_len, "no SYN awaits it: ", "")
    return _accept(k, inp, header, th)


def _accept(k: Kernel, inp: Inpcb, header: ip.IpHeader, th: TcpHeader) -> Verdict:
    """Open the connection whose SYN-ACK is acknowledged.  Source: netinet/tcp_input.c, syn_cache_get."""
    iss = k.syn_cache.pop((header.src, th.sport, header.dst, th.dport))
    for counter in ("tcps_sc_completed", "tcps_accepts", "tcps_connects"):
        k.count(counter)
    k.pcbs.append(
        Inpcb(
            proto=IPPROTO_TCP,
            socket=inp.socket,
            laddr=header.dst,
            lport=th.dport,
            faddr=header.src,
            fport=th.sport,
            t_state="TCPS_ESTABLISHED",
            iss=iss,
            rcv_nxt=th.seq,
        )
    )
    text = f"the connection is open, and no policy was asked: the {inp.socket}'s accept(2) returns"
    return Deliver(inp.socket, text, "deliver")


def _connecting(k: Kernel, m: Mbuf, inp: Inpcb, th: TcpHeader) -> Verdict:
    """Take the answer to this side's SYN."""
    acceptable = inp.t_state == "TCPS_SYN_SENT" and th.flags & TH_ACK and th.ack == (inp.iss + 1) & SEQ_MASK
    if acceptable and th.flags & TH_RST:
        inp.t_state, inp.so_error = "TCPS_CLOSED", "ECONNREFUSED"
        k.count("tcps_conndrops")
        text = f"refused: the {inp.socket}'s connect(2) returns ECONNREFUSED"
        return Deliver(inp.socket, text, "deliver")
    if acceptable and th.flags & TH_SYN:
        inp.t_state, inp.rcv_nxt = "TCPS_ESTABLISHED", (th.seq + 1) & SEQ_MASK
        k.count("tcps_connects")
        ack = Mbuf(b"", echo=m.echo, packet=following(m.packet))
        text = f"accepted: the {inp.socket}'s connect(2) returns, and an ACK is due"
        return hand_off(defs.tcp_output, CALL, ack, defs.TcpOutput(inp, TH_ACK), text, "accept")
    return Drop("tcp-unwanted", "", f"{tcp.flags_text(th.flags)} is not what the connection waits for")


@stage(defs.syn_cache_respond, defs.ip_output)
def syn_cache_respond(k: Kernel, m: Mbuf, args: defs.SynCache) -> Verdict:
    """Note a SYN in the SYN cache, free it, and answer with a SYN-ACK in a new mbuf.

    Source: netinet/tcp_input.c, syn_cache_add and syn_cache_respond.
    Marks: the SYN's end with it; the SYN-ACK's mbuf is new and bears none.
    """
    header = ip.read(m.data)
    th = args.th
    # SIMPLER: the kernel's initial sequence numbers are random; these follow from the other side's.
    iss = (th.seq + 0x80000000) & SEQ_MASK
    k.syn_cache[header.src, th.sport, header.dst, th.dport] = iss
    answer = build.ip_header(IPPROTO_TCP, header.dst, header.src, ttl=IPDEFTTL)
    reply = build.tcp_header(th.dport, th.sport, TH_SYN | TH_ACK, TCP_RECVSPACE, mss=MSS)
    whole = tcp.packet(answer, reply, seq=iss, ack=(th.seq + 1) & SEQ_MASK)
    synack = Mbuf(whole, echo=m.echo, packet=following(m.packet))
    text = f"the SYN is freed; the {args.inp.socket}'s SYN-ACK is made in a new mbuf, without a mark"
    output = defs.Output(flags=defs.IP_MTUDISC, socket=True)
    return hand_off(defs.ip_output, CALL, synack, output, text, returned=ANSWERED)
