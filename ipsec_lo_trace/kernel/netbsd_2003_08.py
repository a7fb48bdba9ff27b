"""The kernel ``netbsd-2003-08``: FAST_IPSEC as imported in August 2003, before any fix.

Sources: the NetBSD 2.0 branch (ipsec_output.c 1.12.2.1.4.1, ipsec_input.c 1.8, ip_output.c 1.130 and their
neighbours) less what is known to be younger than 18 August 2003; see docs/reference/fidelity.md.
"""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.net.if_ethersubr import ether_output
from ipsec_lo_trace.kernel.net.if_loop import looutput
from ipsec_lo_trace.kernel.netinet.ip_encap import encap4_input
from ipsec_lo_trace.kernel.netinet.ip_icmp import icmp_error, icmp_input, icmp_reflect, icmp_send
from ipsec_lo_trace.kernel.netinet.ip_input import ip_forward, ip_input, ip_reass
from ipsec_lo_trace.kernel.netinet.ip_output import ip_mloopback, ip_output
from ipsec_lo_trace.kernel.netinet.raw_ip import rip_input, rip_output
from ipsec_lo_trace.kernel.netinet.tcp_input import syn_cache_respond, tcp_input
from ipsec_lo_trace.kernel.netinet.tcp_output import tcp_output
from ipsec_lo_trace.kernel.netinet.tcp_subr import tcp_respond
from ipsec_lo_trace.kernel.netinet.udp_usrreq import udp_ctlinput, udp_input, udp_output
from ipsec_lo_trace.kernel.netipsec.ipsec_input import ipsec4_common_input, ipsec4_common_input_cb
from ipsec_lo_trace.kernel.netipsec.ipsec_output import ipsec4_process_packet, ipsec_process_done
from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_input, ah_input_cb, ah_output, ah_output_cb
from ipsec_lo_trace.kernel.netipsec.xform_esp import esp_input, esp_input_cb, esp_output, esp_output_cb
from ipsec_lo_trace.kernel.netipsec.xform_ipcomp import (
    ipcomp_input,
    ipcomp_input_cb,
    ipcomp_output,
    ipcomp_output_cb,
)
from ipsec_lo_trace.kernel.netipsec.xform_ipip import ip4_input, ipip_output
from ipsec_lo_trace.kernel.state import IFQ_MAXLEN, LOMTU, Kernel
from ipsec_lo_trace.machine.stage import LinkTable, link
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.databases import Databases

NAME = "netbsd-2003-08"
ASSUMPTIONS = (
    "lo0 is the only interface; a packet to an address that is not local has no route",
    "only the probes of multicast and forwarding add a route, or ex0, which gets looped copies alone",
    f"lo0's MTU is {LOMTU} bytes (32768+MHLEN+MLEN; the sizes of that week were not seen)",
    f"the IP input queue holds {IFQ_MAXLEN} packets, as in December 2003",
    "a burst's system calls come first, then the crypto callbacks, then ipintr until its queue is empty",
    "ping is set-uid root; its sockets entrust the SPD, but for what the second one sends",
    "net.inet.ipsec.def_policy is none; the four default levels are use; dfbit is 0 (clear)",
    "net.key.prefered_oldsa is 0: the newest SA is used, the others of its kind are marked dead",
    "no key daemon listens for SADB_ACQUIRE",
    "no packet filter is loaded; the trace says where its hooks would run or be skipped",
    "PACKET_TAG_IPSEC_PENDING_TDB is never set: no code of that time was found to set it",
    "SAs do not expire: no time passes during a run",
    "IP identifications count up, and IVs derive from the seed, the SPI and the sequence number",
    "the kernel is built without options DIAGNOSTIC",
    "ping's identifier is 0x4c4f, its clock starts at 0 and ticks once a request",
)


@cache
def link_table() -> LinkTable:
    """Link this kernel's stages, once: a table, with a stage a line."""
    return link(
        rip_output,
        ip_output,
        ipsec4_process_packet,
        ipip_output,
        esp_output,
        esp_output_cb,
        ah_output,
        ah_output_cb,
        ipcomp_output,
        ipcomp_output_cb,
        ipsec_process_done,
        ip_mloopback,
        looutput,
        ether_output,
        ip_input,
        ip_reass,
        ip_forward,
        ipsec4_common_input,
        esp_input,
        esp_input_cb,
        ah_input,
        ah_input_cb,
        ipcomp_input,
        ipcomp_input_cb,
        ipsec4_common_input_cb,
        encap4_input,
        ip4_input,
        icmp_input,
        icmp_reflect,
        icmp_send,
        rip_input,
        udp_output,
        udp_input,
        udp_ctlinput,
        icmp_error,
        tcp_output,
        tcp_input,
        syn_cache_respond,
        tcp_respond,
    )


def boot(db: Databases, build: Build, *, local: frozenset[IPv4Address], seed: int = 0) -> Kernel:
    """Boot this kernel with the given databases, switches and local addresses."""
    return Kernel(db, local=local, seed=seed, build=build)
