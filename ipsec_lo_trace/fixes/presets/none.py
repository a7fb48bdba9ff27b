"""The preset ``none``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix

FIX = Fix(
    name="none",
    title="no fix: icmp_reflect leaves tags and flags alone",
    date="2002-06-13",
    source=(
        "read in ip_icmp.c 1.68 (2002/06/13); the analysis of 2003-08-18 describes its effect; FreeBSD, where"
        " the code came from, stripped nothing in mid-2003 either"
    ),
)
