"""The protocol switch: which input routine a protocol has, and whether it is the last header.

Source: netinet/in_proto.c, inetsw[].
"""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace import defs
from ipsec_lo_trace.machine.stage import Symbol
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_ICMP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    IPPROTO_TCP,
    IPPROTO_UDP,
)


class Protosw(NamedTuple):
    """struct protosw, as far as input goes; ``last_header`` is PR_LASTHDR."""

    pr_input: Symbol[defs.ProtoInput]
    last_header: bool


INETSW = {
    IPPROTO_ICMP: Protosw(defs.icmp_input, last_header=True),
    IPPROTO_IPIP: Protosw(defs.encap4_input, last_header=True),
    # KERNEL: UDP and TCP lack PR_LASTHDR, so gate 1 never asks for them.
    IPPROTO_TCP: Protosw(defs.tcp_input, last_header=False),
    IPPROTO_UDP: Protosw(defs.udp_input, last_header=False),
    IPPROTO_ESP: Protosw(defs.ipsec4_common_input, last_header=False),
    IPPROTO_AH: Protosw(defs.ipsec4_common_input, last_header=False),
    IPPROTO_IPCOMP: Protosw(defs.ipsec4_common_input, last_header=False),
}
RAW_WILDCARD = Protosw(defs.rip_input, last_header=True)
"""Every other protocol goes to the raw sockets."""


def protosw(proto: int) -> Protosw:
    """Return the switch entry of an IP protocol number."""
    return INETSW.get(proto, RAW_WILDCARD)
