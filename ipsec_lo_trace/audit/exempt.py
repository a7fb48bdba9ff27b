"""Packets that policies leave alone, by what they are: key exchange, and a ping that wakes itself."""

from __future__ import annotations

from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_UDP
from ipsec_lo_trace.wire import icmp, ip, udp
from ipsec_lo_trace.wire.network import Layer

ISAKMP_PORT = 500
NAT_T_PORTS = frozenset({4500})
PORTS_LEN = 4
MARKER = bytes(4)
"""What stands before IKE on a port of ESP in UDP.  RFC 3948 section 2.2."""
ISAKMP_LEN = 28
VERSION_AT = 17
LENGTH = slice(24, 28)
VERSIONS = (1, 2)
"""The major versions of IKE, in the upper half of that byte.  RFC 2408 section 3.1; RFC 7296 section 3.1."""
KEEPALIVE = b"\xff"
"""What keeps a NAT's mapping alive.  RFC 3948 section 2.3."""
LOCALHOST = bytes((127, 0, 0, 1))
WAKING_TTL = 1
WAKING_LEN = ip.HEADER_LEN + icmp.HEADER_LEN


def is_ike(packet: bytes, layer: Layer, natt: frozenset[int]) -> bool:
    """Tell whether a packet is IKE, or keeps a NAT's mapping: its daemon's sockets bypass policies.

    ``natt`` are the ports of ESP in UDP, which it shares.
    """
    if layer.proto != IPPROTO_UDP or layer.offset:
        return False
    ports, message = ip.ports(packet, layer.at), packet[layer.at + udp.HEADER_LEN :]
    if ISAKMP_PORT in ports:
        return _is_isakmp(message)
    if natt.isdisjoint(ports):
        return False
    return message == KEEPALIVE or (message.startswith(MARKER) and _is_isakmp(message[len(MARKER) :]))


def _is_isakmp(message: bytes) -> bool:
    """Tell by version and length; of a fragment, more may be said to be there than is."""
    if len(message) < ISAKMP_LEN or message[VERSION_AT] >> 4 not in VERSIONS:
        return False
    return len(message) <= int.from_bytes(message[LENGTH], "big") <= ip.MAX_LEN


def is_cut_exchange(packet: bytes, layer: Layer, ports: frozenset[int]) -> bool:
    """Tell whether a packet of which only a beginning is there may be key exchange, or ESP in UDP."""
    if layer.proto != IPPROTO_UDP or layer.offset:
        return False
    known = len(packet) >= layer.at + PORTS_LEN
    return not known or not (ports | {ISAKMP_PORT}).isdisjoint(ip.ports(packet, layer.at))


def wakes_itself(packet: bytes, layer: Layer) -> bool:
    """Tell whether a packet in clear is NetBSD's ping(8) waking itself up.

    It sends itself an empty echo reply with a TTL of 1 once a second, by a socket that bypasses policies.
    Its identifier is the complement of the ping's own, which may never cross this interface.
    Source: NetBSD, sbin/ping/ping.c, prefinish and pinger.
    """
    return (
        len(packet) == WAKING_LEN
        and packet[8] == WAKING_TTL
        and layer.proto == IPPROTO_ICMP
        and layer.dst == LOCALHOST
        and packet[layer.at] == icmp.ICMP_ECHOREPLY
    )
