"""UDP: a datagram out, a datagram in, and an ICMP error for the socket that sent one.

SIMPLER: of UDP this models tags, flags, policy checks and ICMP errors; no multicast groups, no options.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import m_keep_copied
from ipsec_lo_trace.kernel.netinet.in_pcb import in_pcblookup_bind, in_pcblookup_connect
from ipsec_lo_trace.kernel.netinet.ip_icmp import PORT_UNREACHABLE, PROHIBITED
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec4_in_reject
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, IPDEFTTL, Kernel
from ipsec_lo_trace.machine.stage import CALL, Deliver, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_UDP
from ipsec_lo_trace.wire import build, icmp, ip, udp


@stage(defs.udp_output, defs.ip_output)
def udp_output(k: Kernel, m: Mbuf, args: defs.UdpOutput) -> Verdict:
    """Put UDP and IP headers before what a process wrote to its UDP socket.

    Source: netinet/udp_usrreq.c, udp_output.  RFC 768.
    Marks: the mbuf is new and bears none.
    """
    if ip.HEADER_LEN + udp.HEADER_LEN + len(m.data) > IP_MAXPACKET:
        return Drop("message-too-long", "EMSGSIZE", "headers and data exceed 65535 bytes")
    header = build.ip_header(IPPROTO_UDP, args.src, args.dst, ttl=IPDEFTTL)
    # SIMPLER: the kernel leaves the checksum to ip_output; it is made here, and the bytes are the same.
    m.data = udp.packet(header, build.udp_header(args.sport, args.dport), m.data)
    k.count("udps_opackets")
    return hand_off(defs.ip_output, CALL, m, defs.Output(socket=True), "the datagram goes out in a new mbuf")


@stage(defs.udp_input, defs.icmp_error)
def udp_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Find the socket of a datagram and ask its inbound policy; without a socket, have an ICMP error sent.

    Source: netinet/udp_usrreq.c, udp_input, udp4_realinput and udp4_sendup.
    Marks: reads the flags (through the policy check) and not IN_DONE; the tags end at the socket.
    """
    k.count("udps_ipackets")
    header = ip.read(m.data)
    datagram = m.data[args.hlen :]
    fault = _fault(header, datagram)
    if fault is not None:
        counter, text = fault
        if counter:
            k.count(counter)
        return Drop("udp-malformed", "", text)
    inp = _socket(k, header, udp.read(datagram))
    if inp is None:
        return _no_port(k, m, header.dst, udp.read(datagram).dport)
    if ipsec4_in_reject(k, m, gate="gate-2"):
        # KERNEL: the refusal is counted twice, in ipsec4_in_reject and here, and it is told to the sender.
        k.count("ips_in_polvio")
        # What the error quotes is a copy (m_copy).
        m_keep_copied(k, m)
        text = "the socket's inbound policy refuses it: an ICMP error, administratively prohibited"
        return hand_off(defs.icmp_error, CALL, m, PROHIBITED, text, "reject")
    return Deliver(inp.socket, f"accepted: the {inp.socket}'s socket gets the datagram", "deliver")


def _fault(header: ip.IpHeader, datagram: bytes) -> tuple[str, str] | None:
    """Check the UDP header: the counter that moves ("" for none) and the reason, None if it is right."""
    if len(datagram) < udp.HEADER_LEN:
        return "udps_hdrops", "shorter than a UDP header"
    uh = udp.read(datagram)
    if uh.dport == 0:
        return "", "destination port 0"
    if not udp.HEADER_LEN <= uh.ulen <= len(datagram):
        return "udps_badlen", f"UDP length {uh.ulen} in {len(datagram)} bytes"
    if not udp.checksum_ok(header, datagram[: uh.ulen]):
        return "udps_badsum", "the UDP checksum is wrong"
    return None


def _socket(k: Kernel, header: ip.IpHeader, uh: udp.UdpHeader) -> Inpcb | None:
    """Find the PCB: one that is connected to the sender first, then one that is bound to the port."""
    local = header.dst, uh.dport
    inp = in_pcblookup_connect(k.pcbs, IPPROTO_UDP, (header.src, uh.sport), local)
    if inp is None:
        k.count("udps_pcbhashmiss")
        inp = in_pcblookup_bind(k.pcbs, IPPROTO_UDP, local)
    return inp


def _no_port(k: Kernel, m: Mbuf, dst: IPv4Address, port: int) -> Verdict:
    """Answer a datagram that no socket wants, unless it went to a group.

    KERNEL: without a socket there is no gate 2, so whoever sends in clear gets its error.
    """
    if dst.is_multicast:
        k.count("udps_noportbcast")
        return Drop("no-port", "", f"no socket has port {port}, and a group gets no error", "no-port")
    k.count("udps_noport")
    text = f"no socket has port {port}: an ICMP error, and no policy check"
    return hand_off(defs.icmp_error, CALL, m, PORT_UNREACHABLE, text, "no-port")


@stage(defs.udp_ctlinput, defs.rip_input)
def udp_ctlinput(k: Kernel, m: Mbuf, args: defs.CtlInput) -> Verdict:
    """Tell the connected socket that sent the quoted datagram what became of it.

    Source: netinet/udp_usrreq.c, udp_ctlinput and udp_notify.
    Marks: reads none, adds none, removes none.
    """
    quoted = m.data[args.hlen + icmp.HEADER_LEN :]
    header = ip.read(quoted)
    sport, dport = ip.ports(quoted, header.header_len)
    inp = in_pcblookup_connect(k.pcbs, IPPROTO_UDP, (header.dst, dport), (header.src, sport))
    text = "no socket sent it"
    if inp is not None:
        # KERNEL: no policy is asked for the socket; that the error passed gate 1 is enough.
        inp.so_error = args.errno
        text = f"the {inp.socket}'s next system call returns {args.errno}"
    proto_input = defs.ProtoInput(args.hlen, ip.read(m.data).proto)
    return hand_off(defs.rip_input, CALL, m, proto_input, f"{text}; to the raw sockets", "raw")
