"""Raw sockets: where ping's request enters the kernel and where its reply leaves it."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.in_proto import protosw
from ipsec_lo_trace.kernel.netipsec.ipsec import ipsec4_in_reject
from ipsec_lo_trace.kernel.state import IP_MAXPACKET, Kernel
from ipsec_lo_trace.machine.stage import CALL, Deliver, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.wire import build, icmp, ip

MAXTTL = 255
INADDR_ANY = IPv4Address(0)
PROTOCOL_UNREACHABLE = defs.IcmpError(3, 2)
REFLECTOR = "reflector"
"""The raw socket of a process that answers ICMP requests."""


@stage(defs.rip_output, defs.ip_output)
def rip_output(k: Kernel, m: Mbuf, args: defs.RawOutput) -> Verdict:
    """Put a 20-byte IP header before the ICMP message that a process wrote to its raw socket.

    Source: netinet/raw_ip.c, rip_output.
    Marks: the mbuf is new and bears none.

    With IP_HDRINCL the process wrote the header itself, as ping does.
    """
    if args.header_included:
        return _header_included(k, m)
    if ip.HEADER_LEN + len(m.data) > IP_MAXPACKET:
        return Drop("message-too-long", "EMSGSIZE", "header and message exceed 65535 bytes")
    header = build.ip_header(IPPROTO_ICMP, args.src or INADDR_ANY, args.dst, ttl=args.ttl or MAXTTL)
    name = icmp.NAMES.get(m.data[0], "message")
    m.data = ip.filled(header, m.data)
    output = defs.Output(socket=True, options=args.options, first_hop=args.first_hop, bypass=args.bypass)
    return hand_off(defs.ip_output, CALL, m, output, f"the {name} gets an IP header")


def _header_included(k: Kernel, m: Mbuf) -> Verdict:
    """Leave the header of a process alone, but for the identification if that is 0 (IP_HDRINCL)."""
    if len(m.data) > IP_MAXPACKET:
        return Drop("message-too-long", "EMSGSIZE", "the packet exceeds 65535 bytes")
    header = ip.read(m.data)
    if header.ident == 0:
        m.data = ip.patch(m.data, ident=k.next_ip_id())
    k.count("ips_rawout")
    output = defs.Output(flags=defs.IP_RAWOUTPUT, socket=True)
    return hand_off(defs.ip_output, CALL, m, output, "the process wrote the IP header itself")


def _no_socket(k: Kernel, m: Mbuf, proto: int) -> Verdict:
    """Have an error sent for a protocol that only raw sockets know; free the rest without a word."""
    if protosw(proto).pr_input is not defs.rip_input:
        return Drop("no-socket", "", "no raw socket wants this protocol")
    k.count("ips_noproto")
    k.count("ips_delivered", -1)
    text = "no raw socket wants this protocol: an ICMP error"
    return hand_off(defs.icmp_error, CALL, m, PROTOCOL_UNREACHABLE, text, "error")


@stage(defs.rip_input, defs.icmp_error)
def rip_input(k: Kernel, m: Mbuf, _args: defs.ProtoInput) -> Verdict:
    """Check the inbound policy once more, for every raw socket, and append the packet to each.

    Source: netinet/raw_ip.c, rip_input.
    Marks: reads the flags (through the policy check) and not IN_DONE; the tags end here.
    """
    header = ip.read(m.data)
    if header.proto != IPPROTO_ICMP:
        return _no_socket(k, m, header.proto)
    reflects = k.reflector == "userspace" and m.data[header.header_len] in icmp.ANSWERS
    sockets = (REFLECTOR,) if reflects else k.raw_sockets
    if not sockets:
        return Drop("no-socket", "", "no raw socket is open")
    if ipsec4_in_reject(k, m, gate="gate-2"):
        # KERNEL: each socket's refusal is counted twice, in ipsec4_in_reject and here, and the packet is
        # taken off those delivered once, for the last of them.  Every inbound policy here entrusts the SPD,
        # so it is asked for all sockets at once.
        k.count("ips_in_polvio", 2 * len(sockets) - 1)
        k.count("ips_delivered", -1)
        return Drop("socket-policy", "", "the socket's inbound policy refuses it", "reject")
    if reflects:
        # SIMPLER: the sender's raw socket would get the request too, and look at it no further.
        return Deliver(REFLECTOR, "accepted: the reflecting process gets the request", "deliver")
    return Deliver(sockets[-1], "accepted: ping gets the reply", "deliver")
