"""The timestamp option of IP.

Source: netinet/ip_input.c, ip_dooptions; netinet/ip.h, struct ip_timestamp.  RFC 781.
"""

from __future__ import annotations

from ipaddress import IPv4Address

from ipsec_lo_trace.wire.options import TS_PRESPEC, TS_TSANDADDR, TS_TSONLY

TS_MIN_LEN = 4
TS_MAX_LEN = 40
TS_MIN_POINTER = 5
TIME_LEN = 4
ADDRESS_LEN = 4
OVERFLOW_MAX = 15


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
