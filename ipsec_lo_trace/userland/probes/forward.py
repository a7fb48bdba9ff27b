"""The probe ``forward``."""

from __future__ import annotations

from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.userland.forwarding import CONFIG, leaving
from ipsec_lo_trace.userland.probe_kind import ProbeKind

PROBE = ProbeKind(
    name="forward",
    title="a packet that leaves a tunnel of this host with itself, and is forwarded: how does it go out?",
    text=(
        "An echo request to 192.0.2.1 takes a tunnel both of whose ends are this host's. Over lo0 it"
        " comes back, is decapsulated, and ip_forward outputs it in the same mbuf. The OUT_DONE tag of its"
        " first trip makes ip_output skip IPsec, and it leaves by ex0 in clear. Without that tag the"
        " policy takes it into the tunnel again and again, until its TTL, 4 here, runs out: the tag ends"
        " that loop, and the leak is its price. No other packet that this host forwards can bear OUT_DONE."
    ),
    answer="the packet leaves by ex0",
    stage="ip_forward",
    runs=("random",),
    program=leaving,
    build=Build(forwarding="1"),
    config=CONFIG,
)
