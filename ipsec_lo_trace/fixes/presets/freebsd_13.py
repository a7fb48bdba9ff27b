"""The preset ``freebsd-13``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="freebsd-13",
    title="as freebsd, with pf's tag persistent, and any OUT_DONE makes ip_output skip IPsec",
    date="2021",
    source="read in FreeBSD ipsec_output.c and xform_ah.c of the 13 era",
    build=Build(
        icmp_reflect="tags",
        looutput="tags",
        if_output="flags",
        loop_detect="any-out-done",
        persistent_tags="pf",
        ah_options="mended",
        ipcomp_null_tag="ok",
    ),
)
