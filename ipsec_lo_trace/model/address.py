"""Which IPv4 addresses an interface can have."""

from __future__ import annotations

from ipaddress import IPv4Address


def can_be_local(address: IPv4Address) -> bool:
    """Tell whether an interface can have an address: no group, no reserved one, not 0.0.0.0."""
    return not (address.is_multicast or address.is_reserved or address.is_unspecified)
