"""The probe ``redirect``."""

from __future__ import annotations

from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.userland.forwarding import CONFIG, redirected
from ipsec_lo_trace.userland.probe_kind import ProbeKind

PROBE = ProbeKind(
    name="redirect",
    title="a packet that is forwarded back to where it came from: is its sender redirected?",
    text=(
        "A static route leads 192.0.2.0/24 back to this host. A packet there takes a tunnel of this host"
        " with itself, comes back over lo0, and is forwarded by lo0, so ip_forward owes 127.0.0.1 a"
        " redirect. The copy that it quotes bears copies of the packet's marks, M_DECRYPTED among them, so"
        " icmp_error sends nothing: not for the packet that was decrypted, and not for the same packet"
        " later, which by then goes round in clear."
    ),
    answer="an ICMP redirect",
    stage="ip_forward",
    runs=("random",),
    program=redirected,
    build=Build(forwarding="1"),
    config=CONFIG,
)
