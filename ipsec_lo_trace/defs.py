"""Every stage's typed symbol, grouped under the kernel file that defines it.

A stage hands off to one of these; the kernel preset's link table says which function stands behind it.  The
classes are the arguments that travel with the packet.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.machine.symbols import Symbol
from ipsec_lo_trace.model.policy import Request
from ipsec_lo_trace.model.sa import SecurityAssociation, TdbIdent

IP_FORWARDING = 0x1
IP_RAWOUTPUT = 0x2


class RawOutput(msgspec.Struct, frozen=True, gc=False):
    """What sendto(2) on ping's raw socket gives: addresses, TTL (0: the default), IP options (bytes)."""

    src: IPv4Address | None
    dst: IPv4Address
    ttl: int
    options: bytes


class Output(msgspec.Struct, frozen=True, gc=False):
    """Arguments of ip_output: flags, whether a socket came along, IP options (bytes) to insert."""

    flags: int = 0
    socket: bool = False
    options: bytes = b""


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
    """Arguments of icmp_send: IP options (bytes) of the reply."""

    options: bytes


# netinet/raw_ip.c
rip_output: Symbol[RawOutput] = Symbol("rip_output", "netinet/raw_ip.c")
rip_input: Symbol[ProtoInput] = Symbol("rip_input", "netinet/raw_ip.c")

# netinet/ip_output.c
ip_output: Symbol[Output] = Symbol("ip_output", "netinet/ip_output.c")

# netinet/ip_input.c
ip_input: Symbol[Input] = Symbol("ip_input", "netinet/ip_input.c")
ip_reass: Symbol[None] = Symbol("ip_reass", "netinet/ip_input.c")

# netinet/ip_icmp.c
icmp_input: Symbol[ProtoInput] = Symbol("icmp_input", "netinet/ip_icmp.c")
icmp_reflect: Symbol[None] = Symbol("icmp_reflect", "netinet/ip_icmp.c")
icmp_send: Symbol[Reflect] = Symbol("icmp_send", "netinet/ip_icmp.c")

# netinet/ip_encap.c
encap4_input: Symbol[ProtoInput] = Symbol("encap4_input", "netinet/ip_encap.c")

# net/if_loop.c
looutput: Symbol[None] = Symbol("looutput", "net/if_loop.c")

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

# netipsec/xform_ipip.c
ipip_output: Symbol[XformOutput] = Symbol("ipip_output", "netipsec/xform_ipip.c")
ip4_input: Symbol[ProtoInput] = Symbol("ip4_input", "netipsec/xform_ipip.c")
