"""Verify AH as today's kernels make it, over IPv4 and IPv6.  RFC 4302; RFC 2402 and 1826 for older ones.

What may change on the way counts as zero: section 3.3.3.1 for IPv4, 3.3.3.1.2 for IPv6.
"""

from __future__ import annotations

import hmac

from ipsec_lo_trace.model.algorithms import authenticator_row
from ipsec_lo_trace.model.host import Cut
from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.ah import IP_DF_BYTE, OptionError, massage_options
from ipsec_lo_trace.wire.algorithms import mac_of
from ipsec_lo_trace.wire.network import Layer

FIXED_LEN = 12
OLD_FIXED_LEN = 8
_PAD1 = 0
_CHANGES = 0x20
"""The bit of an IPv6 option's type that lets its data change on the way.  RFC 8200 section 4.2."""
_OPTION_HEADS = (network.HOPOPTS, network.DSTOPTS)
_SOURCE_ROUTE = 0
"""The type of a routing header that lists addresses.  RFC 2460 section 4.4."""
_ADDRESS_LEN = 16


def header_len(packet: bytes, at: int) -> int:
    """Read the length in bytes of the AH header at ``at``, all of it; its two first bytes are there."""
    return (packet[at + 1] + 2) * 4


class AhVerifier:
    """One SA's way of verifying whole packets by one cut; ``fixed_len`` is before the ICV, in bytes."""

    def __init__(self, cut: Cut, key: bytes, *, old: bool) -> None:
        self.cut = cut
        self.fixed_len = OLD_FIXED_LEN if old else FIXED_LEN
        self._mac = mac_of(cut.auth, key)
        self._keeps_df = authenticator_row(cut.auth).keeps_df

    def fits(self, length: int) -> bool:
        """Tell whether a header of this length in bytes may hold such an ICV, padded to 4 or to 8 bytes."""
        need = self.fixed_len + self.cut.icv_len
        return length in (-(-need // 4) * 4, -(-need // 8) * 8)

    def ok(self, packet: bytes, layer: Layer, high: bytes) -> bool:
        """Tell whether the ICV of the AH at ``layer.at`` is right, with a high half of b"" or 4 bytes.

        What pads the header behind the ICV counts as it stands.  RFC 4302 section 3.3.3.2.1.
        """
        at, icv_len = layer.at + self.fixed_len, self.cut.icv_len
        blank = bytearray(packet)
        blank[at : at + icv_len] = bytes(icv_len)
        try:
            if len(layer.ends) == 2 * _ADDRESS_LEN:
                _blank6(blank, layer)
            else:
                self._blank4(blank, layer.at)
        except (OptionError, ip.WireError):
            return False
        digest = self._mac(bytes(blank) + high)[:icv_len].ljust(icv_len, b"\0")
        return hmac.compare_digest(digest, packet[at : at + icv_len])

    def _blank4(self, blank: bytearray, hlen: int) -> None:
        blank[1] = 0
        blank[6] &= IP_DF_BYTE if self._keeps_df else 0
        blank[7:9] = b"\0\0"
        blank[10:12] = b"\0\0"
        if hlen > ip.HEADER_LEN:
            massage_options(blank, hlen, ip.HEADER_LEN, out=False)


def _blank6(blank: bytearray, layer: Layer) -> None:
    """Blank class, flow label, hop limit and options that may change; foresee where a source route ends."""
    proto, at = blank[6], network.V6_HEADER_LEN
    blank[0:4] = b"\x60\0\0\0"
    blank[7] = 0
    while at < layer.at:
        length = (
            network.FRAGMENT_LEN if proto == network.FRAGMENT else network.extension_len(bytes(blank), at)
        )
        if proto in _OPTION_HEADS:
            _blank_options(blank, at + 2, at + length)
        elif proto == network.ROUTING:
            _follow_route(blank, at, length)
        proto, at = blank[at], at + length


def _blank_options(blank: bytearray, at: int, end: int) -> None:
    while at < end:
        if blank[at] == _PAD1:
            at += 1
            continue
        behind = at + 2 + (blank[at + 1] if at + 1 < end else end)
        if behind > end:
            raise ip.WireError("an option leads past the end")
        if blank[at] & _CHANGES:
            blank[at + 2 : behind] = bytes(behind - at - 2)
        at = behind


def _follow_route(blank: bytearray, at: int, length: int) -> None:
    """Put addresses where they will be at the end: each hop swaps the destination for the next one."""
    if blank[at + 2] != _SOURCE_ROUTE:
        return
    count, left = (length - 8) // _ADDRESS_LEN, blank[at + 3]
    if left > count:
        raise ip.WireError("more segments are left than the route has")
    for hop in range(count - left, count):
        place = slice(at + 8 + hop * _ADDRESS_LEN, at + 8 + (hop + 1) * _ADDRESS_LEN)
        blank[24:40], blank[place] = blank[place], blank[24:40]
    blank[at + 3] = 0
