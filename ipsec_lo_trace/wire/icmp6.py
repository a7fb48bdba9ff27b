"""ICMPv6 messages in words.  RFC 4443; neighbour discovery RFC 4861."""

from __future__ import annotations

HEADER_LEN = 8
NAMES = {128: "echo request", 129: "echo reply"}
OTHER_NAMES = {
    1: "unreachable",
    2: "packet too big",
    3: "time exceeded",
    4: "parameter problem",
    130: "multicast listener query",
    131: "multicast listener report",
    132: "multicast listener done",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbor solicitation",
    136: "neighbor advertisement",
    137: "redirect",
    143: "multicast listener report",
}
UNREACHABLE = 1
PORT_CODE = 4


def describe(message: bytes) -> str:
    """Say in words what the message is; its first eight bytes will do."""
    if len(message) < HEADER_LEN:
        return "ICMPv6 cut short"
    kind = NAMES.get(message[0])
    if kind:
        ident, seq = int.from_bytes(message[4:6], "big"), int.from_bytes(message[6:8], "big")
        return f"{kind} id 0x{ident:04x} seq {seq}"
    if message[0] == UNREACHABLE and message[1] == PORT_CODE:
        return "port unreachable"
    return OTHER_NAMES.get(message[0]) or f"ICMPv6 type {message[0]}"
