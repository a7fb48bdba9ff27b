"""Which packet answers which: by addresses and what the protocol has to tell its exchanges apart."""

from __future__ import annotations

from collections import OrderedDict

import msgspec

from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.wire import ip, network
from ipsec_lo_trace.wire.network import Layer
from ipsec_lo_trace.wire.tcp import TH_ACK, TH_RST, TH_SYN

TCP_FLAGS = 13
"""Where TCP's flags are in its header, in bytes."""
REPLY_TO = {0: b"\x08", 14: b"\x0d", 16: b"\x0f", 18: b"\x11"}
"""ICMP's replies and what they answer: echo, timestamp, information, address mask.  RFC 792, 950."""
ERRORS = frozenset({3, 4, 5, 11, 12})
"""ICMP's messages that hold the head of the packet they are about."""
REPLY_TO_6 = {129: b"\x80"}
ERRORS_6 = frozenset({1, 2, 3, 4})
"""The same of ICMPv6.  RFC 4443."""
REPLIES = {IPPROTO_ICMP: REPLY_TO, IPPROTO_ICMPV6: REPLY_TO_6}
REQUESTS = {proto: frozenset(b"".join(replies.values())) for proto, replies in REPLIES.items()}
ABOUT = {IPPROTO_ICMP: ERRORS, IPPROTO_ICMPV6: ERRORS_6}
ICMP_LEN = 8
PORTS_LEN = 4
MAX_ENTRIES = 4096


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A packet that may be answered; ``into`` is how it stands to the inbound policies (``audit.due``)."""

    number: int
    protected: bool
    into: str


Exchange = tuple[bytes, bytes, str]
"""The key a packet asks under, that of what it answers, and the sort of answer ("reply", "rst", "other")."""
NONE: Exchange = (b"", b"", "")


def exchange(layer: Layer, proto: int, payload: bytes) -> Exchange:
    """Find the keys of what a packet carries; b"" where it asks or answers nothing, as later fragments do."""
    if layer.offset:
        return NONE
    if proto in REPLIES and len(payload) >= ICMP_LEN:
        kind = payload[0]
        if kind in REQUESTS[proto]:
            return payload[:1] + layer.ends + payload[4:8], b"", ""
        request = REPLIES[proto].get(kind)
        if request is not None:
            return b"", request + layer.back + payload[4:8], "reply"
        return (b"", _about(payload[ICMP_LEN:], layer), "other") if kind in ABOUT[proto] else NONE
    if proto == IPPROTO_TCP and len(payload) > TCP_FLAGS:
        return _tcp(layer, payload)
    if proto == IPPROTO_UDP and len(payload) >= PORTS_LEN:
        return b"U" + layer.ends + payload[:PORTS_LEN], b"", ""
    return NONE


def _about(head: bytes, error: Layer) -> bytes:
    """Return the key of the packet that an ICMP error is about.

    b"" if it did not cross between the same two ends: a third one's error does not show that it arrived.
    """
    try:
        layer = network.quoted(head)
    except ip.WireError:
        return b""
    at, proto = layer.at, layer.proto
    if layer.offset or len(head) < at + ICMP_LEN or layer.ends != error.back:
        return b""
    if proto in REPLIES:
        return head[at : at + 1] + layer.ends + head[at + 4 : at + 8]
    sign = {IPPROTO_TCP: b"T", IPPROTO_UDP: b"U"}.get(proto)
    return sign + layer.ends + head[at : at + PORTS_LEN] if sign else b""


def _tcp(layer: Layer, payload: bytes) -> Exchange:
    flags = payload[TCP_FLAGS]
    back = b"T" + layer.back + payload[2:4] + payload[:2]
    if flags & TH_RST:
        return b"", back, "rst"
    asks = b"T" + layer.ends + payload[:PORTS_LEN]
    if flags & TH_SYN and flags & TH_ACK:
        return asks, back, "other"
    return asks, b"", ""


class Pairs:
    """The packets that may yet be answered; the oldest is forgotten when there are too many.

    ``answered`` counts those whose answer came, ``forgotten`` those that left without one.
    """

    def __init__(self, size: int = MAX_ENTRIES) -> None:
        """Keep at most ``size`` packets."""
        self._size = size
        self._open: OrderedDict[bytes, Asked] = OrderedDict()
        self._done: set[int] = set()
        self.answered = 0
        self.forgotten = 0

    def ask(self, key: bytes, asked: Asked) -> None:
        """Keep a packet under its key, in the place of an older one with the same."""
        waiting = self._open
        old = waiting.pop(key, None)
        if old is not None:
            self._done.discard(old.number)
        waiting[key] = asked
        if len(waiting) > self._size:
            _key, gone = waiting.popitem(last=False)
            if gone.number in self._done:
                self._done.remove(gone.number)
            else:
                self.forgotten += 1

    def knows(self, packet: bytes, layer: Layer) -> bool:
        """Tell whether a packet answers one that waits."""
        _asks, answers, _kind = exchange(layer, layer.proto, packet[layer.at :])
        return answers in self._open

    def answer(self, key: bytes) -> Asked | None:
        """Find the packet that is answered; it stays, for an answer may be seen twice."""
        asked = self._open.get(key)
        if asked is not None and asked.number not in self._done:
            self._done.add(asked.number)
            self.answered += 1
        return asked
