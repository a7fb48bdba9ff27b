"""The ports and the sockets of the UDP and TCP probes."""

from __future__ import annotations

CLIENT = "client"
SERVER = "server"
DISCARD = 9
"""A port that no socket has."""
ECHO = 7
HTTP = 80
_FIRST = 49152
"""The first of the ports that a client's socket gets.  Source: netinet/in.h, IPPORT_ANONMIN."""


def client_port(echo: int) -> int:
    """Return the client's port for an echo (1, 2, ...): a port of its own, until they are used up."""
    return _FIRST + (echo - 1) % (0x10000 - _FIRST)
