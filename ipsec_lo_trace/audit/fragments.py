"""Fragments put together again, of either IP version.  RFC 791 section 3.2; RFC 8200 section 4.5."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.network import Layer

MAX_DATAGRAMS = 32
V4_ENDS_LEN, V6_ENDS_LEN = 8, 32


class Datagram(msgspec.Struct):
    """Payloads of one packet's fragments by offset, in bytes.

    ``numbers`` are the fragments' own; ``end`` is where the last one ends, 0 before it came; ``first`` is the
    first fragment, with its header.
    """

    parts: dict[int, bytes] = msgspec.field(default_factory=dict)
    first: tuple[bytes, Layer] | None = None
    numbers: set[int] = msgspec.field(default_factory=set)
    have_len: int = 0
    end: int = 0


class Fragments:
    """Puts fragments together; ``forgotten`` counts packets that were never whole."""

    def __init__(self, size: int = MAX_DATAGRAMS, counts: Callable[[bytes], bool] = bool) -> None:
        """Keep at most ``size`` packets that are not whole; ``counts`` tells by the ends if one counts."""
        self._size = size
        self._counts = counts
        self._open: OrderedDict[bytes, Datagram] = OrderedDict()
        self.forgotten = 0

    def __len__(self) -> int:
        """Count the packets that are not whole."""
        return sum(self._counts(_ends(key)) for key in self._open)

    def drop(self, key: bytes) -> set[int]:
        """Forget a packet that need not be put together; give its fragments' numbers."""
        numbers = self.numbers(key)
        self._open.pop(key, None)
        return numbers

    def numbers(self, key: bytes) -> set[int]:
        """Return the numbers of the fragments that wait for a packet's others."""
        return self._open[key].numbers if key in self._open else set()

    def add(self, packet: bytes, layer: Layer, number: int = 0) -> bytes | None:
        """Take a fragment with its number; give the whole packet if this completes it."""
        datagram = self._open.get(layer.key)
        if datagram is None:
            datagram = self._open[layer.key] = Datagram()
            if len(self._open) > self._size:
                gone, _datagram = self._open.popitem(last=False)
                self.forgotten += self._counts(_ends(gone))
        datagram.numbers.add(number)
        whole = _added(datagram, packet, layer)
        # Bytes enough and yet no whole: they overlap, and no kernel of today would put them together.
        if (datagram.end and datagram.have_len >= datagram.end) or datagram.have_len > ip.MAX_LEN:
            del self._open[layer.key]
            self.forgotten += whole is None and self._counts(layer.ends)
        return whole


def _ends(key: bytes) -> bytes:
    """Return the ends in what all fragments of a packet have in common."""
    return key[:V6_ENDS_LEN] if len(key) > V6_ENDS_LEN else key[:V4_ENDS_LEN]


def _added(datagram: Datagram, packet: bytes, layer: Layer) -> bytes | None:
    payload = packet[layer.at :]
    datagram.have_len += len(payload) - len(datagram.parts.get(layer.offset, b""))
    datagram.parts[layer.offset] = payload
    if not layer.offset:
        datagram.first = packet, layer
    if not layer.more:
        datagram.end = layer.offset + len(payload)
    if not datagram.end or datagram.have_len < datagram.end or datagram.first is None:
        return None
    whole = b""
    for offset in sorted(datagram.parts):
        if offset != len(whole):
            return None
        whole += datagram.parts[offset]
    head, first = datagram.first
    rebuilt = network.defragmented(head, first, whole)
    return None if len(rebuilt) > ip.MAX_LEN else rebuilt
