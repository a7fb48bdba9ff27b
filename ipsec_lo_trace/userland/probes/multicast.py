"""The probe ``multicast``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.icmp_exchange import MULTICAST_CONFIG, multicast
from ipsec_lo_trace.userland.probe_kind import ProbeKind

PROBE = ProbeKind(
    name="multicast",
    title="an echo request to a group that is routed to lo0: is what comes back protected?",
    text=(
        "ip_output's multicast branch comes before its IPsec block. ip_mloopback gives lo0 a copy in"
        " clear, whatever the policy says, and the packet itself is freed, since nothing is sent to a"
        " group on lo0. The copy has no history, so an inbound policy that requires ESP refuses it."
    ),
    answer="an echo reply",
    stage="ip_mloopback",
    runs=("random",),
    program=partial(multicast, interface="lo0"),
    config=MULTICAST_CONFIG,
)
