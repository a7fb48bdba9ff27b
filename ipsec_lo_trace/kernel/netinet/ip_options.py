"""IPv4 options, as far as ping can send them: record route on the way in, and back into the reply.

Source: netinet/ip_input.c, ip_dooptions; netinet/ip_icmp.c, icmp_reflect.  RFC 791 section 3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

IPOPT_EOL = 0
IPOPT_NOP = 1
IPOPT_RR = 7
IPOPT_TS = 68
IPOPT_SECURITY = 130
KEPT = (IPOPT_RR, IPOPT_TS, IPOPT_SECURITY)
"""The options that icmp_reflect carries over into the reply."""
MIN_POINTER = 4


class BadOptionError(ValueError):
    """Options that are malformed; the text says how."""


def walk(options: bytes) -> Iterator[tuple[int, int, int]]:
    """Give (type, start, length) of each option, lengths in bytes; BadOptionError if one is malformed."""
    at = 0
    while at < len(options) and options[at] != IPOPT_EOL:
        if options[at] == IPOPT_NOP:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):  # noqa: PLR2004 -- type and length bytes
            msg = f"option {options[at]} at byte {at} has length {length}"
            raise BadOptionError(msg)
        yield options[at], at, length
        at += length


def record_route(options: bytes, here: IPv4Address) -> bytes:
    """Write ``here`` into the next free slot of each record route option.

    KERNEL: this happens each time that ip_input sees the packet, so twice for one that comes by IPsec.
    """
    changed = bytearray(options)
    for kind, at, length in walk(options):
        if kind != IPOPT_RR:
            continue
        pointer = options[at + 2]
        if pointer < MIN_POINTER:
            msg = f"record route at byte {at} has pointer {pointer}"
            raise BadOptionError(msg)
        if pointer - 1 + 4 <= length:
            slot = at + pointer - 1
            changed[slot : slot + 4] = here.packed
            changed[at + 2] = pointer + 4
    return bytes(changed)


def reply_options(options: bytes) -> bytes:
    """Keep record route, timestamp and security options for the reply, padded to a multiple of four bytes."""
    kept = b"".join(options[at : at + length] for kind, at, length in walk(options) if kind in KEPT)
    return kept + bytes(-len(kept) % 4)
