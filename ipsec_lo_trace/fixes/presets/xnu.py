"""The preset ``xnu``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="xnu",
    title="as kame, eighteen years on: ip_output deletes the IPsec tags, and nobody clears the flags",
    date="2021",
    source=(
        "read in XNU's ip_output.c (ipsec_delaux), ip_icmp.c and if_loop.c, macOS 11; a later copy, of which"
        " the date was not seen, has the same"
    ),
    build=Build(if_output="history"),
    note=(
        "XNU's own stack is not modelled: it transforms inside ip_output, so it has no OUT_DONE, and its"
        " inbound check reads the flags alone; its own AH was not read; what is deleted here are FAST_IPSEC's"
        " tags"
    ),
)
