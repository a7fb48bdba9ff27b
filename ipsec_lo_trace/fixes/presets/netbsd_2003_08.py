"""The preset ``netbsd-2003-08``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-2003-08",
    title="icmp_reflect deletes all tags and leaves the flags",
    date="2003-08-18",
    source="announced on tech-net, 2003-08-18; the revision itself was not seen",
    build=Build(icmp_reflect="tags"),
)
