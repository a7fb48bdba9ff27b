"""The kernel ``netbsd-2003-08``: FAST_IPSEC as imported in August 2003, before any fix.

Sources: the NetBSD 2.0 branch (ipsec_output.c 1.12.2.1.4.1, ipsec_input.c 1.8, ip_output.c 1.130 and their
neighbours) less what is known to be younger than 18 August 2003; see docs/reference/fidelity.md.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.net.if_loop import looutput
from ipsec_lo_trace.kernel.netinet.ip_encap import encap4_input
from ipsec_lo_trace.kernel.netinet.ip_icmp import icmp_input, icmp_reflect, icmp_send
from ipsec_lo_trace.kernel.netinet.ip_input import ip_input, ip_reass
from ipsec_lo_trace.kernel.netinet.ip_output import ip_output
from ipsec_lo_trace.kernel.netinet.raw_ip import rip_input, rip_output
from ipsec_lo_trace.kernel.netipsec.ipsec_input import ipsec4_common_input, ipsec4_common_input_cb
from ipsec_lo_trace.kernel.netipsec.ipsec_output import ipsec4_process_packet, ipsec_process_done
from ipsec_lo_trace.kernel.netipsec.xform_ah import ah_input, ah_input_cb, ah_output, ah_output_cb
from ipsec_lo_trace.kernel.netipsec.xform_esp import esp_input, esp_input_cb, esp_output, esp_output_cb
from ipsec_lo_trace.kernel.netipsec.xform_ipip import ip4_input, ipip_output
from ipsec_lo_trace.kernel.state import Build, Kernel
from ipsec_lo_trace.machine.symbols import LinkTable, link
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.profiles.fixes import Fix

NAME = "netbsd-2003-08"


def link_table() -> LinkTable:
    """Link this kernel's stages."""
    return link(
        rip_output,
        ip_output,
        ipsec4_process_packet,
        ipip_output,
        esp_output,
        esp_output_cb,
        ah_output,
        ah_output_cb,
        ipsec_process_done,
        looutput,
        ip_input,
        ip_reass,
        ipsec4_common_input,
        esp_input,
        esp_input_cb,
        ah_input,
        ah_input_cb,
        ipsec4_common_input_cb,
        encap4_input,
        ip4_input,
        icmp_input,
        icmp_reflect,
        icmp_send,
        rip_input,
    )


def boot(db: Databases, fix: Fix, *, local: frozenset[IPv4Address], seed: int = 0) -> Kernel:
    """Boot this kernel with the given databases, fix and local addresses."""
    build = Build(icmp_reflect_strips_tags=fix.icmp_reflect_strips_tags)
    return Kernel(db, local=local, seed=seed, build=build)
