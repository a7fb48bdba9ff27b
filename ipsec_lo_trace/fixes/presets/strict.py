"""The preset ``strict``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix

FIX = Fix(
    name="strict",
    title="icmp_reflect, tcp_respond and lo0 delete all tags, and lo0 clears the three flags",
    date="",
    source="a proposal of this project",
    knobs={"icmp_reflect": "tags", "tcp_respond": "tags", "looutput": "all", "ipcomp_null_tag": "ok"},
)
