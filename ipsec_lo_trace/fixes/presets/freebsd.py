"""The preset ``freebsd``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="freebsd",
    title="icmp_reflect and lo0 delete the tags that are not persistent; ip_output clears the flags",
    date="2006-02",
    source="read in FreeBSD ip_icmp.c 1.111, if_loop.c 1.107 (2005/08/09) and ip_output.c of early 2006",
    build=Build(icmp_reflect="tags", looutput="tags", if_output="flags"),
)
