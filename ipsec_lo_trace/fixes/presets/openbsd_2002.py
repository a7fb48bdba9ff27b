"""The preset ``openbsd-2002``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="openbsd-2002",
    title="icmp_input deletes all tags before it reflects",
    date="2002-06-10",
    source="read in OpenBSD ip_icmp.c 1.52 (2002/06/10)",
    build=Build(icmp_input="tags"),
    note=(
        "the same at its label deliver, where the tags end anyway; its own ip_ah.c of that time adds the"
        " header's 20 bytes twice too"
    ),
)
