"""The preset ``looutput-only``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="looutput-only",
    title="looutput deletes all tags, icmp_reflect none",
    date="",
    source="derived: half of netbsd-2.0, and enough for the echo reply",
    build=Build(looutput="tags"),
)
