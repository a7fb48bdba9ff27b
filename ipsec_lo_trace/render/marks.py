"""Marks in words."""

from __future__ import annotations

from ipsec_lo_trace.model.trace import Mark

PROTOCOLS = {50: "esp", 51: "ah", 108: "ipcomp"}


def mark_text(mark: Mark) -> str:
    """Say which mark it is, whose SA it names, and whom it was made for."""
    return f"{mark.name}{sa_text(mark)} made for {mark.made_for}"


def sa_text(mark: Mark) -> str:
    """Show a tag's tdb_ident with a leading space; "" for a mark without one."""
    if mark.spi is None:
        return ""
    proto = PROTOCOLS.get(mark.proto or 0, str(mark.proto))
    return f" {proto} 0x{mark.spi:08x} to {mark.dst}"


def sign(mark: Mark) -> str:
    """Give the sign of a mark that a packet carries: ``!`` stale, ``=`` its own."""
    return "!" if mark.stale else "="
