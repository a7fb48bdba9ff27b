"""The preset ``netbsd-2015``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="netbsd-2015",
    title="as netbsd-2.0; OUT_DONE names no SA, is set once, and ends ip_output's look at IPsec at once",
    date="2015-04",
    source="read in NetBSD-current of April 2015 (ipsec.c) and ipsec_output.c 1.44 (2017/04/18)",
    build=Build(
        icmp_reflect="tags",
        looutput="tags",
        done_tag="boolean",
        loop_detect="early-return",
        ah_options="mended",
        use_without_sa="clear",
        ipcomp_enable="1",
        ipcomp_null_tag="ok",
    ),
    note=(
        "level use without an SA is read as mended in 2017, IPComp's missing tag in 2015, AH's options in"
        " 2013 (xform_ah.c 1.42); that this kernel"
        " hands a decrypted packet straight on is not modelled"
    ),
)
