"""The preset ``netbsd-2.0``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-2.0",
    title="icmp_reflect and looutput delete all tags; the flags stay",
    date="2003-11-13",
    source="read in ip_icmp.c 1.82.2.2 and if_loop.c 1.49 (2003/11/13) of the NetBSD 2.0 branch",
    build=Build(icmp_reflect="tags", looutput="tags"),
    note="with ALTQ on lo0 (--set altq_on_lo0=yes) looutput's part is passed by",
)
