"""The preset ``netbsd-9``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-9",
    title="icmp_reflect deletes all tags, with the OUT_DONE of 2015, which names no SA",
    date="2018-11-15",
    source=(
        "assumed from m_tag(9) of 15 November 2018, which has m_tag_delete_chain and no"
        " m_tag_delete_nonpersistent any more; OUT_DONE as read in ipsec_output.c 1.44 (2017/04/18)"
    ),
    build=Build(
        icmp_reflect="tags",
        done_tag="boolean",
        loop_detect="any-out-done",
        use_without_sa="clear",
        ipcomp_enable="1",
        ipcomp_null_tag="ok",
    ),
    note=(
        "icmp_reflect and looutput of that release were not opened: it is taken that the first strips and"
        " the second does not"
    ),
)
