"""Fragments on their way to being whole, in a table that forgets its oldest.  RFC 791 section 3.2."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ipsec_lo_trace.wire import ip

MAX_DATAGRAMS = 32
MAX_LEN = 65535
"""The longest packet there can be, in bytes."""


class Datagram(msgspec.Struct):
    """Fragments of one packet by offset, in bytes; ``end`` is where the last one ends, 0 before it came."""

    parts: dict[int, bytes] = msgspec.field(default_factory=dict)
    have_len: int = 0
    end: int = 0


class Fragments:
    """Puts fragments together; ``forgotten`` counts packets that were never whole."""

    def __init__(self, size: int = MAX_DATAGRAMS) -> None:
        """Keep at most ``size`` packets that are not whole."""
        self._size = size
        self._open: OrderedDict[bytes, Datagram] = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        """Count the packets that are not whole."""
        return len(self._open)

    def add(self, packet: bytes) -> bytes | None:
        """Take a fragment; give the whole packet if this completes it."""
        key = ip.fragment_key(packet)
        datagram = self._open.get(key)
        if datagram is None:
            datagram = self._open[key] = Datagram()
            if len(self._open) > self._size:
                self._open.popitem(last=False)
                self.forgotten += 1
        whole = _added(datagram, packet)
        # Bytes enough and yet no whole: they overlap, and no kernel of today would put them together.
        if (datagram.end and datagram.have_len >= datagram.end) or datagram.have_len > MAX_LEN:
            del self._open[key]
            self.forgotten += whole is None
        return whole


def _added(datagram: Datagram, packet: bytes) -> bytes | None:
    off = ip.off(packet)
    offset = (off & ip.IP_OFFMASK) * 8
    payload_len = len(packet) - ip.header_len(packet)
    old = datagram.parts.get(offset)
    if old is not None:
        datagram.have_len -= len(old) - ip.header_len(old)
    datagram.parts[offset] = packet
    datagram.have_len += payload_len
    if not off & ip.IP_MF:
        datagram.end = offset + payload_len
    if not datagram.end or datagram.have_len < datagram.end:
        return None
    return ip.reassemble(datagram.parts)
