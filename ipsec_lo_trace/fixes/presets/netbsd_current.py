"""The preset ``netbsd-current``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-current",
    title="as netbsd-9: tags stripped in both places, one OUT_DONE that ends the look at IPsec, no IN_DONE",
    date="2025-09",
    source=(
        "read in NetBSD-current up to September 2025: if_loop.c and ip_icmp.c (m_tag_delete_chain), ipsec.c"
        " (ipsec4_output), ipsec_output.c, and ipsec_input.c as in 1.55"
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
