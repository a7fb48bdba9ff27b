"""The preset ``strict``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="strict",
    title="icmp_reflect, tcp_respond and lo0 delete all tags, and lo0 clears the three flags",
    date="",
    source="a proposal of this project",
    build=Build(icmp_reflect="tags", tcp_respond="tags", looutput="all", ipcomp_null_tag="ok"),
)
