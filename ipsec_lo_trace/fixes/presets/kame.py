"""The preset ``kame``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="kame",
    title="ip_output deletes the IPsec tags right before if_output",
    date="2003-08",
    source="read in ip_output.c under options IPSEC (ipsec_delaux), the other stack of the same tree",
    build=Build(if_output="history"),
    note=(
        "KAME's own tag, its own checks and its own AH, which was not read, are not modelled: what is deleted"
        " here are FAST_IPSEC's tags"
    ),
)
