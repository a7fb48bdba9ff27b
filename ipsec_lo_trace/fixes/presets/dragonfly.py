"""The preset ``dragonfly``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="dragonfly",
    title="nothing: icmp_reflect and lo0 keep the tags",
    date="",
    source="read in DragonFly ip_icmp.c and if_loop.c; the dates of those files were not seen",
    build=Build(),
    note=(
        "DragonFly dropped IPsec about 2017; the mask that icmp_reflect puts on the packet filter's flags is"
        " not modelled"
    ),
)
