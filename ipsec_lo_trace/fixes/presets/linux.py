"""The preset ``linux``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix
from ipsec_lo_trace.model.build import Build

FIX = Fix(
    name="linux",
    title="lo has no IPsec: neither transforms nor policies apply there by default",
    date="",
    source="read in Linux inetdev_event (NOXFRM and NOPOLICY on lo), several versions",
    build=Build(lo_ipsec="off"),
    note="Linux's own stack is not modelled: this is NetBSD's with Linux's default for lo",
)
