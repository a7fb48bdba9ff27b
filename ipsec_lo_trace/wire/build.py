"""Packets built by scapy: the echo request that a run starts with, and the record route option."""

from __future__ import annotations

from functools import lru_cache

from scapy.config import conf

# The layers would ask the host for its routes and interfaces; nothing here depends on the host.
conf.route_autoload = False
conf.route6_autoload = False

from scapy.layers.inet import ICMP, IPOption_RR  # noqa: E402 -- after the host's routes are switched off
from scapy.packet import Raw  # noqa: E402

RR_SLOTS = 9
"""The addresses that fit into the 40 bytes of IP options."""


@lru_cache(maxsize=16)
def echo_request(*, ident: int, seq: int, data: bytes) -> bytes:
    """Build an ICMP echo request; ``data`` in bytes.  RFC 792."""
    message = ICMP(type="echo-request", id=ident, seq=seq)
    message.add_payload(Raw(data))
    return bytes(message)


def timestamp_request(*, ident: int, seq: int, originate: int) -> bytes:
    """Build an ICMP timestamp request sent at ``originate`` milliseconds since midnight UT.  RFC 792."""
    return bytes(ICMP(type="timestamp-request", id=ident, seq=seq, ts_ori=originate, ts_rx=0, ts_tx=0))


def mask_request(*, ident: int, seq: int) -> bytes:
    """Build an ICMP address mask request.  RFC 950."""
    return bytes(ICMP(type="address-mask-request", id=ident, seq=seq, addr_mask="0.0.0.0"))  # noqa: S104 -- none


def record_route_option() -> bytes:
    """Build the record route option that ping -R sends, padded to 40 bytes.  RFC 791 section 3.1."""
    option = bytes(IPOption_RR(routers=["0.0.0.0"] * RR_SLOTS, pointer=4))  # noqa: S104 -- empty slots
    return option + bytes(-len(option) % 4)
