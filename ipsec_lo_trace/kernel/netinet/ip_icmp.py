"""ICMP: a request becomes its reply, in the same mbuf."""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_copy_pkthdr, m_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import strip
from ipsec_lo_trace.kernel.net.route import source_for
from ipsec_lo_trace.kernel.netinet.ip_input_options import ip_srcroute, walk
from ipsec_lo_trace.kernel.state import ICMP_ERRPPSLIMIT, Kernel, iptime
from ipsec_lo_trace.machine.stage import CALL, Drop, Verdict, hand_off, stage
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import Absent, AnyOf
from ipsec_lo_trace.model.packet_name import following
from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_UDP
from ipsec_lo_trace.model.questions import ERROR_FLAG
from ipsec_lo_trace.model.records import borne
from ipsec_lo_trace.wire import build, icmp, ip
from ipsec_lo_trace.wire.build import IPOPT_RR, IPOPT_SECURITY, IPOPT_TS

MAXTTL = 255
KEPT = (IPOPT_RR, IPOPT_TS, IPOPT_SECURITY)
"""The options that icmp_reflect carries over into the reply."""
ICMP_MINLEN = 8
CLASS_D = 224
"""The first byte from which on an address is no host's: classes D and E."""
LO0_MASK = IPv4Address("255.0.0.0")
"""The network mask of lo0's address 127.0.0.1, which answers for every address here."""
SHORTEST = {icmp.ICMP_TSTAMP: icmp.TSTAMP_LEN, icmp.ICMP_MASKREQ: icmp.MASK_LEN}
"""The bytes that a request must have to be answered, if more than ICMP_MINLEN."""
ICMP_MAXTYPE = 18
ICMP_UNREACH = 3
ICMP_REDIRECT = 5
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
    4: "EMSGSIZE",
    **dict.fromkeys(range(5, 13), "EHOSTUNREACH"),
}
"""What a code means to a socket.  Source: netinet/ip_icmp.c, icmp_input, and inetctlerrmap."""


@stage(defs.icmp_input, defs.icmp_reflect, defs.rip_input, defs.udp_ctlinput)
def icmp_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Turn an echo, timestamp or mask request into its reply and reflect it; give the rest to raw sockets.

    Source: netinet/ip_icmp.c, icmp_input.  RFC 792, RFC 950.
    Marks: reads none, adds none, removes none; OpenBSD's of 2002 deletes the tags of what it reflects.
    """
    message = m.data[args.hlen :]
    if len(message) < ICMP_MINLEN:
        k.count("icps_tooshort")
        return Drop("icmp-short", "", f"an ICMP message has at least {ICMP_MINLEN} bytes")
    if not icmp.checksum_ok(message):
        k.count("icps_checksum")
        return Drop("icmp-checksum", "", "the ICMP checksum is wrong")
    kind = message[0]
    if kind > ICMP_MAXTYPE:
        # KERNEL: not even counted.
        return hand_off(defs.rip_input, CALL, m, args, "a type beyond those known: to the raw sockets", "raw")
    k.count(f"icps_inhist[{kind}]")
    if kind == ICMP_UNREACH:
        return _unreachable(k, m, args)
    why = _not_answered(k, message)
    if why:
        return hand_off(defs.rip_input, CALL, m, args, f"{why}: to the raw sockets", "raw")
    m.data = m.data[: args.hlen] + icmp.reply(message, now=iptime(m), mask=LO0_MASK)
    k.count("icps_reflect")
    k.count(f"icps_outhist[{icmp.ANSWERS[kind]}]")
    stripped = strip(k, m, k.build.icmp_input)
    text = f"{stripped}, and the request becomes the reply" if stripped else "the request becomes the reply"
    return hand_off(defs.icmp_reflect, CALL, m, None, text, "reflect")


def _not_answered(k: Kernel, message: bytes) -> str:
    """Say why icmp_input reflects no answer to a message; "" if it does."""
    kind = message[0]
    if kind not in icmp.ANSWERS:
        return "no request"
    if k.reflector == "userspace":
        return "a process answers"
    if kind == icmp.ICMP_MASKREQ and k.build.maskrepl == "0":
        return "maskrepl is 0"
    if len(message) < SHORTEST.get(kind, ICMP_MINLEN):
        k.count("icps_badlen")
        return f"only {len(message)} bytes"
    return ""


def _unreachable(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Take an unreachable message in: to the socket that the quoted packet is of, or to the raw sockets.

    Source: netinet/ip_icmp.c, icmp_input, case ICMP_UNREACH.

    SIMPLER: only UDP's sockets are told; no TCP socket here waits for an ICMP error.
    """
    message = m.data[args.hlen :]
    errno = UNREACHABLE_ERRNO.get(message[1])
    if errno is None:
        # KERNEL: "administratively prohibited", which this very kernel sends, is a bad code to it.
        k.count("icps_badcode")
        return hand_off(
            defs.rip_input, CALL, m, args, "a code that no socket hears of: to the raw sockets", "raw"
        )
    try:
        quoted = ip.read(message[icmp.HEADER_LEN :])
    except ip.WireError as error:
        k.count("icps_badlen")
        return Drop("icmp-short", "", f"the quoted packet: {error}")
    if len(message) < icmp.HEADER_LEN + quoted.header_len + QUOTED_LEN:
        k.count("icps_badlen")
        return Drop("icmp-short", "", f"less than {QUOTED_LEN} bytes quoted behind the IP header")
    if quoted.proto != IPPROTO_UDP:
        return hand_off(defs.rip_input, CALL, m, args, "about no UDP datagram: to the raw sockets", "raw")
    text = f"about a datagram to {quoted.dst}: its socket is told"
    return hand_off(defs.udp_ctlinput, CALL, m, defs.CtlInput(args.hlen, errno), text, "error")


@stage(defs.icmp_reflect, defs.icmp_send)
def icmp_reflect(k: Kernel, m: Mbuf, _args: None) -> Verdict:
    """Swap the addresses, renew the TTL, rebuild the options; with the fix, delete every tag.

    Source: netinet/ip_icmp.c, icmp_reflect.
    Marks: the reply inherits all of the request's. With the fix of 2003 the tags are deleted; the flags stay.
    With OpenBSD's of today the flags go too.
    """
    header = ip.read(m.data)
    if not may_answer(header):
        return Drop("bad-source", "", f"no reply may go to {header.src}")
    m.become(following(m.packet))
    bare = ip.with_options(m.data, b"") if header.options else m.data
    m.data = ip.patch(bare, src=reply_source(k, header), dst=header.src, ttl=MAXTTL)
    text = "the reply inherits the request's marks" if m.marks else "the reply is made; no mark to inherit"
    text = strip(k, m, k.build.icmp_reflect) or text
    return hand_off(defs.icmp_send, CALL, m, defs.Reflect(*reply_options(header)), text)


def reply_options(header: ip.IpHeader) -> tuple[bytes, IPv4Address | None]:
    """Make the reply's options: the reversed source route, and what is kept; and where the route begins.

    Source: netinet/ip_icmp.c, icmp_reflect.  They are padded to a multiple of four bytes.
    """
    options = header.options
    if not options:
        return b"", None
    route, first_hop = ip_srcroute(header)
    kept = b"".join(options[at : at + length] for kind, at, length in walk(options) if kind in KEPT)
    whole = route + kept
    return whole + bytes(-len(whole) % 4), first_hop


def reply_source(k: Kernel, header: ip.IpHeader) -> IPv4Address:
    """Return the address that a reply comes from: the request's destination, or else this host's own.

    Source: netinet/ip_icmp.c, icmp_reflect: the address of the route to the sender.
    """
    return header.dst if header.dst.packed in k.local else source_for(k, header.src)


def may_answer(header: ip.IpHeader) -> bool:
    """Refuse sources that no reply can go to: this network, classes D and E (in_canforward)."""
    return 0 < int(header.src) >> 24 < CLASS_D


@stage(defs.icmp_send, defs.ip_output)
def icmp_send(_k: Kernel, m: Mbuf, args: defs.Reflect) -> Verdict:
    """Renew the ICMP checksum and call ip_output, with no route and no socket.

    Source: netinet/ip_icmp.c, icmp_send.
    Marks: reads none, adds none, removes none.
    """
    header_len = ip.outline(m.data)[0]
    message = m.data[header_len:]
    m.data = m.data[:header_len] + icmp.with_type(message, message[0])
    output = defs.Output(options=args.options, first_hop=args.first_hop)
    return hand_off(defs.ip_output, CALL, m, output, "no socket: the policy goes by address")


@stage(defs.icmp_error, defs.icmp_reflect)
def icmp_error(k: Kernel, m: Mbuf, args: defs.IcmpError) -> Verdict:
    """Answer an offending packet with an error in a new mbuf, unless it came by ESP or deserves none.

    Source: netinet/ip_icmp.c, icmp_error.  RFC 792, RFC 1122 section 3.2.2.
    Marks: adds copies of the original's to the copy that a redirect quotes; reads M_DECRYPTED; the error's
    mbuf is new and bears none, the offending packet's end with it.
    """
    if args.original is not None:
        m_copy_pkthdr(k, m, args.original)
    if args.type != ICMP_REDIRECT:
        # KERNEL: counted before it is known whether an error is sent.
        k.count("icps_error")
    header = ip.read(m.data)
    refusal = _encrypted(k, m) or _undeserved(k, header, m.data[header.header_len :]) or _ratelimit(k, m)
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


def _undeserved(k: Kernel, header: ip.IpHeader, payload: bytes) -> str:
    """Say why no host may answer such a packet with an error; "" if it may."""
    if header.off & ip.IP_OFFMASK:
        return "the packet is a fragment other than the first"
    if header.proto == IPPROTO_ICMP and payload and payload[0] not in INFORMATIONAL:
        k.count("icps_oldicmp")
        return "the packet is an ICMP error itself"
    if header.dst.is_multicast:
        return "the packet went to a group"
    return ""


def _ratelimit(k: Kernel, m: Mbuf) -> str:
    """Say that this second has had its errors; "" if another may be sent.

    Source: netinet/ip_icmp.c, icmp_ratelimit.  The clock is iptime's: a second an echo.
    """
    second, sent = k.icmperrpps
    k.icmperrpps = (m.echo, sent + 1 if second == m.echo else 1)
    return "" if k.icmperrpps[1] <= ICMP_ERRPPSLIMIT else f"{ICMP_ERRPPSLIMIT} were sent this second"
