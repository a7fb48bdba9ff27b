"""The probe ``multicast-out``."""

from __future__ import annotations

from functools import partial

from ipsec_lo_trace.userland.icmp_exchange import MULTICAST_CONFIG, multicast
from ipsec_lo_trace.userland.probe_kind import ProbeKind

PROBE = ProbeKind(
    name="multicast-out",
    title="an echo request to a group that is routed to a real interface: which copies come back?",
    text=(
        "First ip_mloopback has looutput loop a copy in clear, as if ex0 had received it. The packet itself"
        " goes through IPsec, and in ip_output again, where a second copy is looped, of the ESP packet and"
        " with its OUT_DONE tag. From 127.0.0.1 ip_input refuses both, since only a loopback interface may"
        " receive 127/8. From another address the second copy is decrypted and answered in its own mbuf, so"
        " the reply bears stale marks; they name an SA to the group, which no policy for a reply can use."
    ),
    answer="an echo reply",
    stage="ip_mloopback",
    runs=("random",),
    program=partial(multicast, interface="ex0"),
    config=MULTICAST_CONFIG,
)
