"""The preset ``linux``."""

from __future__ import annotations

from ipsec_lo_trace.fixes.fix import Fix

FIX = Fix(
    name="linux",
    title="lo has no IPsec: neither transforms nor policies apply there by default",
    date="",
    source="read in Linux inetdev_event (NOXFRM and NOPOLICY on lo), several versions",
    knobs={"lo_ipsec": "off"},
    note="Linux's own stack is not modelled: this is NetBSD's with Linux's default for lo",
)
