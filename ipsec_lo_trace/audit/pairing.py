"""Which packet answers which: by addresses and what the protocol has to tell its exchanges apart."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from ipsec_lo_trace.model.proto import IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.tcp import TH_ACK, TH_RST, TH_SYN

TCP_FLAGS = 13
"""Where TCP's flags are in its header, in bytes."""
REPLY_TO = {0: b"\x08", 14: b"\x0d", 16: b"\x0f", 18: b"\x11"}
"""ICMP's replies and what they answer: echo, timestamp, information, address mask.  RFC 792, 950."""
REQUESTS = frozenset(b"".join(REPLY_TO.values()))
ERRORS = frozenset({3, 4, 5, 11, 12})
"""ICMP's messages that hold the head of the packet they are about."""
ICMP_LEN = 8
MAX_ENTRIES = 4096


class Asked(NamedTuple):
    """A packet that may be answered; ``unmet`` is what its inbound policy required and it lacked."""

    number: int
    protected: bool
    unmet: tuple[str, ...]


Exchange = tuple[bytes, bytes, str]
"""The key a packet asks under, that of what it answers, and the sort of answer ("reply", "rst", "other")."""
NONE: Exchange = (b"", b"", "")


def exchange(packet: bytes) -> Exchange:
    """Find the keys of a packet; b"" where it asks or answers nothing, as later fragments do."""
    at = ip.header_len(packet)
    if ip.off(packet) & ip.IP_OFFMASK:
        return NONE
    proto = ip.proto(packet)
    if proto == IPPROTO_ICMP and len(packet) >= at + ICMP_LEN:
        return _icmp(packet, at)
    if proto == IPPROTO_TCP and len(packet) > at + TCP_FLAGS:
        return _tcp(packet, at)
    if proto == IPPROTO_UDP and len(packet) >= at + 4:
        return b"U" + ip.ends(packet) + packet[at : at + 4], b"", ""
    return NONE


def _icmp(packet: bytes, at: int) -> Exchange:
    kind = packet[at]
    if kind in REQUESTS:
        return packet[at : at + 1] + ip.ends(packet) + packet[at + 4 : at + 8], b"", ""
    request = REPLY_TO.get(kind)
    if request is not None:
        return b"", request + ip.dst(packet) + ip.src(packet) + packet[at + 4 : at + 8], "reply"
    if kind in ERRORS:
        return b"", _about(packet[at + ICMP_LEN :], ip.dst(packet)), "other"
    return NONE


def _about(head: bytes, receiver: bytes) -> bytes:
    """Return the key of the packet that an ICMP error is about; b"" if the receiver did not send it."""
    behind = ip.header_len(head) if head else 0
    if len(head) < behind + ICMP_LEN or ip.src(head) != receiver:
        return b""
    if ip.proto(head) == IPPROTO_ICMP:
        return head[behind : behind + 1] + ip.ends(head) + head[behind + 4 : behind + 8]
    sign = {IPPROTO_TCP: b"T", IPPROTO_UDP: b"U"}.get(ip.proto(head))
    return sign + ip.ends(head) + head[behind : behind + 4] if sign else b""


def _tcp(packet: bytes, at: int) -> Exchange:
    flags = packet[at + TCP_FLAGS]
    back = b"T" + ip.dst(packet) + ip.src(packet) + packet[at + 2 : at + 4] + packet[at : at + 2]
    if flags & TH_RST:
        return b"", back, "rst"
    asks = b"T" + ip.ends(packet) + packet[at : at + 4]
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

    def answer(self, key: bytes) -> Asked | None:
        """Find the packet that is answered; it stays, for an answer may be seen twice."""
        asked = self._open.get(key)
        if asked is not None and asked.number not in self._done:
            self._done.add(asked.number)
            self.answered += 1
        return asked
