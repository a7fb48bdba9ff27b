"""The preset ``openbsd-now``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="openbsd-now",
    title="icmp_reflect and lo0 reset the whole packet header: tags and flags",
    date="2025-07-08",
    source="read in OpenBSD ip_icmp.c 1.203 (2025/07/08), m_resethdr, if_input_local and ip_ah.c",
    build=Build(icmp_reflect="all", looutput="all", ah_options="mended"),
    note="OpenBSD keeps the routing table's id and PF_TAG_GENERATED, which are not modelled",
)
