"""The preset ``freebsd-pf-2021``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="freebsd-pf-2021",
    title="as freebsd-13, and pf's tag is persistent no more",
    date="2021",
    source="documented in FreeBSD commit 7fe0c3f8d330 (review D32664)",
    build=Build(
        icmp_reflect="tags",
        looutput="tags",
        if_output="flags",
        loop_detect="any-out-done",
        ah_options="mended",
        ipcomp_null_tag="ok",
    ),
    note="differs from freebsd-13 only where pf runs, which passes what bears its tag (--set pf=tagging)",
)
