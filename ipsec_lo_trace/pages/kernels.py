"""The kernels that can be run, and the fixes that can be applied to them."""

from __future__ import annotations

from ipsec_lo_trace.pages.page import PROGRAM, Page

KERNELS = (
    Page(
        kind="kernels",
        name="netbsd-2003-08",
        text="NetBSD's FAST_IPSEC as imported in August 2003, before any fix: IPv4, ESP and AH, no IPComp.",
        source=(
            "the NetBSD 2.0 branch (ipsec_output.c 1.12.2, ipsec_input.c 1.8, ip_output.c 1.130) less"
            " what is known to be younger than 18 August 2003"
        ),
        sure="derived",
        example=f"{PROGRAM} ping -v",
        details=(("unknown", "the files of that very week: none dated 13 to 22 August 2003 was to be had"),),
        see=("FAST_IPSEC", "none"),
    ),
)

FIXES = (
    Page(
        kind="fixes",
        name="none",
        text="No fix: icmp_reflect leaves tags and flags alone.",
        source="ip_icmp.c 1.68 (2002/06/13); the analysis of 2003-08-18 describes its effect",
        sure="measured",
        example=f"{PROGRAM} ping --unpatched",
        see=("netbsd-2003-08",),
    ),
    Page(
        kind="fixes",
        name="netbsd-2003-08",
        text="icmp_reflect deletes all tags and leaves the flags.",
        source="announced on tech-net, 2003-08-18; the revision itself was not seen",
        sure="cited",
        example=f"{PROGRAM} ping --patched",
        details=(
            ("does not reach", "the flags: a stale M_DECRYPTED may still satisfy an inbound policy"),
            ("unknown", "the revision's number, message and date"),
        ),
        see=("none", "icmp_reflect", "stale-flag"),
    ),
)
