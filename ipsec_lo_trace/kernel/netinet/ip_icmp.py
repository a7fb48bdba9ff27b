"""ICMP: the echo request becomes the echo reply, in the same mbuf."""

from __future__ import annotations

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import m_tag_delete_chain
from ipsec_lo_trace.kernel.netinet.ip_options import reply_options
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.symbols import stage
from ipsec_lo_trace.machine.verdicts import CALL, Drop, HandOff, Verdict
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.wire import icmp, ip

MAXTTL = 255
ICMP_MINLEN = 8
CLASS_D = 224
"""The first byte from which on an address is no host's: classes D and E."""


@stage(defs.icmp_input, defs.icmp_reflect, defs.rip_input)
def icmp_input(k: Kernel, m: Mbuf, args: defs.ProtoInput) -> Verdict:
    """Turn an echo request into an echo reply and reflect it; give the rest to the raw sockets.

    Source: netinet/ip_icmp.c, icmp_input.  RFC 792.
    Marks: reads none, adds none, removes none.
    """
    message = m.data[args.hlen :]
    if len(message) < ICMP_MINLEN:
        k.count("icps_tooshort")
        return Drop("icmp-short", "", f"an ICMP message has at least {ICMP_MINLEN} bytes")
    if not icmp.checksum_ok(message):
        k.count("icps_checksum")
        return Drop("icmp-checksum", "", "the ICMP checksum is wrong")
    kind = message[0]
    k.count(f"icps_inhist[{kind}]")
    if kind != icmp.ICMP_ECHO:
        return HandOff(defs.rip_input, CALL, m, args, "no request: to the raw sockets", "raw")
    m.data = m.data[: args.hlen] + icmp.with_type(message, icmp.ICMP_ECHOREPLY)
    k.count("icps_reflect")
    k.count(f"icps_outhist[{icmp.ICMP_ECHOREPLY}]")
    return HandOff(defs.icmp_reflect, CALL, m, None, "the request becomes the reply", "reflect")


@stage(defs.icmp_reflect, defs.icmp_send)
def icmp_reflect(k: Kernel, m: Mbuf, _args: None) -> Verdict:
    """Swap the addresses, renew the TTL, rebuild the options; with the fix, delete every tag.

    Source: netinet/ip_icmp.c, icmp_reflect.
    Marks: the reply inherits all of the request's. With the fix of 2003 the tags are deleted; the flags stay.
    """
    header = ip.read(m.data)
    if not _may_answer(header):
        return Drop("bad-source", "", f"no reply may go to {header.src}")
    m.become(reply_name(m.packet))
    body = m.data[header.header_len :]
    swapped = header._replace(
        header_len=ip.HEADER_LEN, src=header.dst, dst=header.src, ttl=MAXTTL, options=b""
    )
    m.data = ip.write(swapped, body)
    text = "the reply inherits the request's marks" if m.marks else "the reply is made; no mark to inherit"
    if k.build.icmp_reflect_strips_tags:
        m_tag_delete_chain(m)
        text = "every tag is deleted; the flags stay"
    return HandOff(defs.icmp_send, CALL, m, defs.Reflect(reply_options(header.options)), text)


def reply_name(packet: str) -> str:
    """Name the reply to a packet: P2 answers P1."""
    return f"P{int(packet.removeprefix('P')) + 1}"


def _may_answer(header: ip.IpHeader) -> bool:
    """Refuse sources that no reply can go to: this network, classes D and E (in_canforward)."""
    return 0 < int(header.src) >> 24 < CLASS_D


@stage(defs.icmp_send, defs.ip_output)
def icmp_send(_k: Kernel, m: Mbuf, args: defs.Reflect) -> Verdict:
    """Renew the ICMP checksum and call ip_output, with no route and no socket.

    Source: netinet/ip_icmp.c, icmp_send.
    Marks: reads none, adds none, removes none.
    """
    header_len = ip.read(m.data).header_len
    message = m.data[header_len:]
    m.data = m.data[:header_len] + icmp.with_type(message, message[0])
    output = defs.Output(options=args.options)
    return HandOff(defs.ip_output, CALL, m, output, "no socket: the policy goes by address")
