"""ICMP errors: made here, or heard of here."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_flag
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.stage import CALL, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf
from ipsec_lo_trace.model.questions import ERROR_FLAG
from ipsec_lo_trace.model.records import borne
from ipsec_lo_trace.model.sa import IPPROTO_ICMP
from ipsec_lo_trace.wire import build, icmp, ip

ICMP_UNREACH = 3
PORT_UNREACHABLE = defs.IcmpError(ICMP_UNREACH, 3)
PROHIBITED = defs.IcmpError(ICMP_UNREACH, 13)
QUOTED_LEN = 8
"""Bytes behind the IP header that an error quotes.  Source: netinet/ip_icmp.c, icmpreturndatabytes."""
INFORMATIONAL = frozenset({0, 8, 9, 10, 13, 14, 15, 16, 17, 18})
"""The ICMP types that are no errors.  Source: netinet/ip_icmp.h, ICMP_INFOTYPE."""
UNREACHABLE_ERRNO: dict[int, Errno] = {
    0: "EHOSTUNREACH",
    1: "EHOSTUNREACH",
    2: "ECONNREFUSED",
    3: "ECONNREFUSED",
    5: "EHOSTUNREACH",
}
"""What a code means to a socket.  Source: netinet/ip_icmp.c, icmp_input, and inetctlerrmap."""


@stage(defs.icmp_error, defs.icmp_reflect)
def icmp_error(k: Kernel, m: Mbuf, args: defs.IcmpError) -> Verdict:
    """Answer an offending packet with an error in a new mbuf, unless it came by ESP or deserves none.

    Source: netinet/ip_icmp.c, icmp_error.  RFC 792, RFC 1122 section 3.2.2.
    Marks: reads M_DECRYPTED; the error's mbuf is new and bears none, the offending packet's end with it.
    """
    # KERNEL: counted before it is known whether an error is sent.
    k.count("icps_error")
    header = ip.read(m.data)
    # SIMPLER: the rate limit (net.inet.icmp.errppslimit) is never reached.
    refusal = _encrypted(k, m) or _undeserved(header, m.data[header.header_len :])
    if refusal:
        return Drop("error-suppressed", "", f"no ICMP error is sent: {refusal}")
    k.count(f"icps_outhist[{args.type}]")
    gateway = args.dest.packed if args.dest else b""
    template = build.icmp_error(args.type, args.code)
    message = icmp.error(template, m.data[: header.header_len + QUOTED_LEN], gateway)
    outer = build.ip_header(IPPROTO_ICMP, header.src, header.dst, ttl=0)
    # icmp_reflect gives it its ends and its name, as it does with a reply that is made in the request's mbuf.
    error = Mbuf(ip.filled(outer, message), echo=m.echo, packet=m.packet)
    text = "the error is made in a new mbuf, without a mark; the offending packet is freed"
    return hand_off(defs.icmp_reflect, CALL, error, None, text, "error")


def _encrypted(k: Kernel, m: Mbuf) -> str:
    """Tell whether the packet came by ESP, so that no error may quote it in clear; "" if it did not."""
    flag = m_flag(m, M_DECRYPTED)
    wanted = (M_DECRYPTED,)
    if flag is None:
        k.ask(ERROR_FLAG, Absent(wanted), AnyOf(wanted), "no")
        return ""
    k.ask(ERROR_FLAG, borne(flag), AnyOf(wanted), "yes", flag)
    return "the packet came by ESP (M_DECRYPTED)"


def _undeserved(header: ip.IpHeader, payload: bytes) -> str:
    """Say why no host may answer such a packet with an error; "" if it may."""
    if header.off & ip.IP_OFFMASK:
        return "the packet is a fragment other than the first"
    if header.proto == IPPROTO_ICMP and payload and payload[0] not in INFORMATIONAL:
        return "the packet is an ICMP error itself"
    if header.dst.is_multicast:
        return "the packet went to a group"
    return ""
