"""The preset ``netbsd-9``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-9",
    title="as netbsd-2015, with an input that leaves no IN_DONE and gives packets on at once",
    date="2018-11-15",
    source=(
        "read in the commit mail of 15 November 2018, in which if_loop.c 1.106 and ip_icmp.c 1.175 take"
        " m_tag_delete_chain for what they strip; ipsec_input.c 1.55 (2018); OUT_DONE in ipsec_output.c 1.44"
        " (2017/04/18)"
    ),
    build=Build(
        icmp_reflect="tags",
        looutput="tags",
        done_tag="boolean",
        loop_detect="early-return",
        in_done="none",
        requeue="no",
        use_without_sa="clear",
        ah_options="mended",
        ipcomp_enable="1",
        ipcomp_null_tag="ok",
    ),
    note="M_AUTHIPDGM, which that kernel has no more, is still set here",
)
