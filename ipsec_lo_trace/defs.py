"""Every stage's typed symbol, grouped under the kernel file that defines it.

A stage hands off to one of these; the kernel preset's link table says which function stands behind it.  The
classes are the arguments that travel with the packet.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.policy import Request
from ipsec_lo_trace.model.sa import SecurityAssociation, TdbIdent
from ipsec_lo_trace.wire.tcp import TcpHeader

IP_FORWARDING = 0x1
IP_RAWOUTPUT = 0x2
IP_MTUDISC = 0x400
"""ip_output's flags.  Source: netinet/ip_var.h."""


class RawOutput(msgspec.Struct, frozen=True, gc=False):
    """What sendto(2) on ping's raw socket gives: addresses, TTL (0: the default), IP options (bytes).

    ``first_hop`` is where a source route in the options begins.  With ``header_included`` (IP_HDRINCL) the
    process wrote the IP header itself, and the rest does not count.  With ``bypass`` the socket's own policy
    spares its packets IPsec ("out bypass").
    """

    src: IPv4Address | None
    dst: IPv4Address
    ttl: int
    options: bytes
    first_hop: IPv4Address | None = None
    header_included: bool = False
    bypass: bool = False


class Output(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ip_output: flags, whether a socket came along, IP options (bytes) to insert.

    ``first_hop`` is where a source route in the options begins; ``sendit`` re-enters behind the multicast
    branch.  ``bypass`` is a socket's own policy to do without IPsec.
    """

    flags: int = 0
    socket: bool = False
    options: bytes = b""
    first_hop: IPv4Address | None = None
    sendit: bool = False
    bypass: bool = False


class Loopback(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ip_mloopback: the packet to copy, and the interface that it goes to."""

    original: Mbuf
    ifp: str


class Forward(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ip_forward: whether a source route sends the packet on."""

    srcrt: bool = False


class Process(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ipsec4_process_packet: the request to apply."""

    isr: Request


class XformOutput(msgspec.Struct, frozen=True, gc=False):
    """Arguments of xf_output: the request and the SA chosen for it."""

    isr: Request
    sav: SecurityAssociation


class CryptoOutput(msgspec.Struct, frozen=True, gc=False):
    """The opaque crypto data of an output callback (struct tdb_crypto): request, and the SA's identity."""

    isr: Request
    tdbi: TdbIdent


class ProcessDone(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ipsec_process_done."""

    isr: Request


class Input(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ip_input; ``ours`` re-enters behind the reassembly of a packet that is for this host."""

    ours: bool = False


class ProtoInput(msgspec.Struct, frozen=True, gc=False):
    """Arguments of pr_input: length of the IP header in bytes, protocol."""

    hlen: int
    proto: int


class XformInput(msgspec.Struct, frozen=True, gc=False):
    """Arguments of xf_input: the SA and the length of the IP header in bytes."""

    sav: SecurityAssociation
    skip: int


class CryptoInput(msgspec.Struct, frozen=True, gc=False):
    """The opaque crypto data of an input callback: the SA's identity and the IP header's length in bytes."""

    tdbi: TdbIdent
    skip: int


class InputDone(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ipsec4_common_input_cb: the SA that was used, and the IP header's length in bytes."""

    sav: SecurityAssociation
    skip: int


class Reflect(msgspec.Struct, frozen=True, gc=False):
    """Arguments of icmp_send: IP options (bytes) of the reply, and where their source route begins."""

    options: bytes
    first_hop: IPv4Address | None = None


class UdpOutput(msgspec.Struct, frozen=True, gc=False):
    """What sendto(2) on a UDP socket gives: both ends, address and port."""

    src: IPv4Address
    sport: int
    dst: IPv4Address
    dport: int


class TcpOutput(msgspec.Struct, frozen=True, gc=False):
    """Arguments of tcp_output: the connection's PCB and the flags of the segment to send."""

    inp: Inpcb
    flags: int


class SynCache(msgspec.Struct, frozen=True, gc=False):
    """Arguments of syn_cache_respond: the listening PCB and the SYN's header."""

    inp: Inpcb
    th: TcpHeader


class TcpRespond(msgspec.Struct, frozen=True, gc=False):
    """Arguments of tcp_respond: acknowledgement and sequence number (32 bits), and flags of the answer."""

    ack: int
    seq: int
    flags: int


class CtlInput(msgspec.Struct, frozen=True, gc=False):
    """Arguments of pr_ctlinput: the length of the ICMP error's IP header in bytes, and what it means."""

    hlen: int
    errno: Errno


class IcmpError(msgspec.Struct, frozen=True, gc=False):
    """Arguments of icmp_error: type and code of the error, and the gateway that a redirect points to.

    ``original`` is what the packet is a fresh copy of, None if it is no copy.
    """

    type: int
    code: int
    dest: IPv4Address | None = None
    original: Mbuf | None = None


# netinet/raw_ip.c
rip_output: Symbol[RawOutput] = Symbol("rip_output", "netinet/raw_ip.c")
rip_input: Symbol[ProtoInput] = Symbol("rip_input", "netinet/raw_ip.c")

# netinet/ip_output.c
ip_output: Symbol[Output] = Symbol("ip_output", "netinet/ip_output.c")
ip_mloopback: Symbol[Loopback] = Symbol("ip_mloopback", "netinet/ip_output.c")

# netinet/ip_input.c
ip_input: Symbol[Input] = Symbol("ip_input", "netinet/ip_input.c")
ip_reass: Symbol[None] = Symbol("ip_reass", "netinet/ip_input.c")
ip_forward: Symbol[Forward] = Symbol("ip_forward", "netinet/ip_input.c")

# netinet/ip_icmp.c
icmp_input: Symbol[ProtoInput] = Symbol("icmp_input", "netinet/ip_icmp.c")
icmp_reflect: Symbol[None] = Symbol("icmp_reflect", "netinet/ip_icmp.c")
icmp_send: Symbol[Reflect] = Symbol("icmp_send", "netinet/ip_icmp.c")
icmp_error: Symbol[IcmpError] = Symbol("icmp_error", "netinet/ip_icmp.c")

# netinet/udp_usrreq.c
udp_output: Symbol[UdpOutput] = Symbol("udp_output", "netinet/udp_usrreq.c")
udp_input: Symbol[ProtoInput] = Symbol("udp_input", "netinet/udp_usrreq.c")
udp_ctlinput: Symbol[CtlInput] = Symbol("udp_ctlinput", "netinet/udp_usrreq.c")

# netinet/tcp_output.c
tcp_output: Symbol[TcpOutput] = Symbol("tcp_output", "netinet/tcp_output.c")

# netinet/tcp_input.c
tcp_input: Symbol[ProtoInput] = Symbol("tcp_input", "netinet/tcp_input.c")
syn_cache_respond: Symbol[SynCache] = Symbol("syn_cache_respond", "netinet/tcp_input.c")

# netinet/tcp_subr.c
tcp_respond: Symbol[TcpRespond] = Symbol("tcp_respond", "netinet/tcp_subr.c")

# netinet/ip_encap.c
encap4_input: Symbol[ProtoInput] = Symbol("encap4_input", "netinet/ip_encap.c")

# net/if_loop.c
looutput: Symbol[str] = Symbol("looutput", "net/if_loop.c")

# net/if_ethersubr.c
ether_output: Symbol[str] = Symbol("ether_output", "net/if_ethersubr.c")

# netipsec/ipsec_output.c
ipsec4_process_packet: Symbol[Process] = Symbol("ipsec4_process_packet", "netipsec/ipsec_output.c")
ipsec_process_done: Symbol[ProcessDone] = Symbol("ipsec_process_done", "netipsec/ipsec_output.c")

# netipsec/ipsec_input.c
ipsec4_common_input: Symbol[ProtoInput] = Symbol("ipsec4_common_input", "netipsec/ipsec_input.c")
ipsec4_common_input_cb: Symbol[InputDone] = Symbol("ipsec4_common_input_cb", "netipsec/ipsec_input.c")

# netipsec/xform_esp.c
esp_output: Symbol[XformOutput] = Symbol("esp_output", "netipsec/xform_esp.c")
esp_output_cb: Symbol[CryptoOutput] = Symbol("esp_output_cb", "netipsec/xform_esp.c")
esp_input: Symbol[XformInput] = Symbol("esp_input", "netipsec/xform_esp.c")
esp_input_cb: Symbol[CryptoInput] = Symbol("esp_input_cb", "netipsec/xform_esp.c")

# netipsec/xform_ah.c
ah_output: Symbol[XformOutput] = Symbol("ah_output", "netipsec/xform_ah.c")
ah_output_cb: Symbol[CryptoOutput] = Symbol("ah_output_cb", "netipsec/xform_ah.c")
ah_input: Symbol[XformInput] = Symbol("ah_input", "netipsec/xform_ah.c")
ah_input_cb: Symbol[CryptoInput] = Symbol("ah_input_cb", "netipsec/xform_ah.c")

# netipsec/xform_ipcomp.c
ipcomp_output: Symbol[XformOutput] = Symbol("ipcomp_output", "netipsec/xform_ipcomp.c")
ipcomp_output_cb: Symbol[CryptoOutput] = Symbol("ipcomp_output_cb", "netipsec/xform_ipcomp.c")
ipcomp_input: Symbol[XformInput] = Symbol("ipcomp_input", "netipsec/xform_ipcomp.c")
ipcomp_input_cb: Symbol[CryptoInput] = Symbol("ipcomp_input_cb", "netipsec/xform_ipcomp.c")

# netipsec/xform_ipip.c
ipip_output: Symbol[XformOutput] = Symbol("ipip_output", "netipsec/xform_ipip.c")
ip4_input: Symbol[ProtoInput] = Symbol("ip4_input", "netipsec/xform_ipip.c")
