"""The part of ip_input.c that deals with IPv4 options: addresses, times and source routes.

Source: netinet/ip_input.c, ip_dooptions, save_rte and ip_srcroute.
RFC 791 section 3.1; RFC 781 for timestamps.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.kernel.net.route import rtalloc, source_for
from ipsec_lo_trace.kernel.state import Kernel, iptime
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.wire import build, ip
from ipsec_lo_trace.wire.build import (
    IPOPT_LSRR,
    IPOPT_RR,
    IPOPT_SSRR,
    IPOPT_TS,
    TS_PRESPEC,
    TS_TSANDADDR,
    TS_TSONLY,
    source_route,
)
from ipsec_lo_trace.wire.ip import IPOPT_EOL, IPOPT_NOP

SOURCE_ROUTES = (IPOPT_LSRR, IPOPT_SSRR)
MIN_POINTER = 4
ADDRESS_LEN = 4
ROUTE_AT = 3
"""Where the addresses of a route begin: behind type, length and pointer."""
TS_MIN_LEN = 4
TS_MAX_LEN = 40
TS_MIN_POINTER = 5
TIME_LEN = 4
OVERFLOW_MAX = 15


class BadOptionError(ValueError):
    """Options that ip_dooptions refuses; the text says why."""


class Options(NamedTuple):
    """What ip_dooptions left of a packet: its options, its destination, and whether to send it on there."""

    options: bytes
    dst: IPv4Address
    forward: bool


def walk(options: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (type, start, length) of each option, lengths in bytes; BadOptionError if one is malformed."""
    at = 0
    while at < len(options) and options[at] != IPOPT_EOL:
        if options[at] == IPOPT_NOP:
            at += 1
            continue
        length = options[at + 1] if at + 1 < len(options) else 0
        if length < 2 or at + length > len(options):  # noqa: PLR2004 -- type and length bytes
            raise BadOptionError(f"option {options[at]} at byte {at} has length {length}")
        yield options[at], at, length
        at += length


def ip_dooptions(k: Kernel, m: Mbuf) -> Options:
    """Write addresses and times into the options of a packet and follow its source route.

    Source: netinet/ip_input.c, ip_dooptions; BadOptionError where it sends an ICMP error.

    KERNEL: this happens each time that ip_input sees the packet, so twice for one that comes by IPsec, and
    before IPsec is taken off: a source route sends an ESP packet on as it is.
    """
    header = ip.read(m.data)
    dst, forward = header.dst, False
    changed = bytearray(header.options)
    for kind, at, length in walk(header.options):
        option = changed[at : at + length]
        if kind == IPOPT_TS:
            fault = timestamp(option, source_for(k, header.dst), k.local, iptime(m))
            if fault:
                raise BadOptionError(f"timestamp at byte {at} {fault}")
        elif kind == IPOPT_RR and _has_room(option, at, "record route"):
            _record(k, option, dst)
        elif kind in SOURCE_ROUTES and dst.packed in k.local and _has_room(option, at, "source route"):
            dst, forward = _next_hop(k, option, strict=kind == IPOPT_SSRR), True
        elif kind == IPOPT_SSRR and dst.packed not in k.local:
            raise BadOptionError(f"strict source route at byte {at}: {dst} is not this host")
        changed[at : at + length] = option
    return Options(bytes(changed), dst, forward and not dst.is_multicast)


def _has_room(option: bytearray, at: int, name: str) -> bool:
    """Tell whether a route's pointer is at an address; BadOptionError if there is none or it is too small."""
    pointer = option[2] if len(option) > 2 else 0  # noqa: PLR2004 -- type and length bytes
    if pointer < MIN_POINTER:
        raise BadOptionError(f"{name} at byte {at} has pointer {pointer}")
    return pointer - 1 + ADDRESS_LEN <= len(option)


def _record(k: Kernel, option: bytearray, dst: IPv4Address) -> None:
    if rtalloc(k, dst) is None:
        raise BadOptionError(f"record route: there is no route to {dst}")
    _write_address(option, source_for(k, dst))


def _next_hop(k: Kernel, option: bytearray, *, strict: bool) -> IPv4Address:
    """Take the next hop out of a source route, and write this host's address, on the way to it, there."""
    at = option[2] - 1
    hop = IPv4Address(bytes(option[at : at + ADDRESS_LEN]))
    # SIMPLER: no network counts as directly connected, so a strict route ends at this host's addresses.
    if rtalloc(k, hop) is None or (strict and hop.packed not in k.local):
        raise BadOptionError(f"source route: no way to {hop}")
    # KERNEL: the address is that of the route to the next hop, so an own next hop writes itself.
    _write_address(option, source_for(k, hop))
    return hop


def _write_address(option: bytearray, here: IPv4Address) -> None:
    at = option[2] - 1
    option[at : at + ADDRESS_LEN] = here.packed
    option[2] += ADDRESS_LEN


def ip_srcroute(header: ip.IpHeader) -> tuple[bytes, IPv4Address | None]:
    """Reverse the source route that brought a packet here to its end; (b"", None) if there was none.

    Source: netinet/ip_input.c, save_rte and ip_srcroute.
    """
    saved = b""
    for kind, at, length in walk(header.options):
        option = header.options[at : at + length]
        if kind in SOURCE_ROUTES and option[2] - 1 + ADDRESS_LEN > length:
            saved = option
    # Whole addresses only: the kernel divides the length by theirs.
    ends = range(ROUTE_AT + ADDRESS_LEN, len(saved) + 1, ADDRESS_LEN)
    hops = [saved[end - ADDRESS_LEN : end] for end in ends]
    if not hops:
        return b"", None
    template = build.source_route_option(saved[0], len(hops))
    return source_route(template, *hops[-2::-1], header.src.packed), IPv4Address(hops[-1])


def timestamp(option: bytearray, here: IPv4Address, local: frozenset[bytes], now: int) -> str:
    """Write the time (milliseconds) into the option, behind an address if it asks for one; say what is wrong.

    ``local`` are this host's addresses, four bytes each, of which ``here`` is the one that the packet is for.
    """
    length, pointer = len(option), option[2] if len(option) > 2 else 0  # noqa: PLR2004 -- type and length
    if not TS_MIN_LEN <= length <= TS_MAX_LEN:
        return f"has length {length}"
    if pointer < TS_MIN_POINTER:
        return f"has pointer {pointer}"
    # KERNEL: one too strict, so the last slot that would just fit stays empty.
    if pointer > length - TIME_LEN:
        return _overflow(option)
    flag = option[3] & 0xF
    if flag not in (TS_TSONLY, TS_TSANDADDR, TS_PRESPEC):
        return f"has flag {flag}"
    at = pointer - 1
    if flag != TS_TSONLY:
        if at + TIME_LEN + ADDRESS_LEN > length:
            return "has half a slot left"
        if flag == TS_PRESPEC and bytes(option[at : at + ADDRESS_LEN]) not in local:
            return ""
        if flag == TS_TSANDADDR:
            option[at : at + ADDRESS_LEN] = here.packed
        at += ADDRESS_LEN
    option[at : at + TIME_LEN] = now.to_bytes(TIME_LEN, "big")
    option[2] = at + TIME_LEN + 1
    return ""


def _overflow(option: bytearray) -> str:
    """Count a host that found no room; four bits hold that number."""
    count = (option[3] >> 4) + 1
    if count > OVERFLOW_MAX:
        return "overflows its overflow counter"
    option[3] = count << 4 | option[3] & 0xF
    return ""
