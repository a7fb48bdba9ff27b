"""The preset ``lo-exempt``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="lo-exempt",
    title="lo has no IPsec, otherwise none: neither transforms nor policies apply to lo0",
    date="",
    source="derived: this kernel with what Linux's inetdev_event sets for IPv4 on lo (NOXFRM and NOPOLICY)",
    build=Build(lo_ipsec="off"),
    note=(
        "this is not Linux, which has no tags: 87 runs of a real Linux at lo's defaults agree in 79; there"
        " forward and multicast-out leak nothing, redirect and source-route over ab-esp and the four runs of"
        " mask leak as here with other answers. With IPsec switched on for lo, strict is nearest: 63 of 87."
        " Linux exempts lo for IPv4 alone: ::1 is protected"
    ),
)
