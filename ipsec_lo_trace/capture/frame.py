"""What a capture gives: one packet at a time."""

from __future__ import annotations

import msgspec

MAX_CAPTURED_LEN = 262_144
"""How many bytes one packet may have: the longest snap length that libpcap takes."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One captured packet, counted from 1 across all sections and interfaces.

    ``time_ns`` is in nanoseconds since 1970, 0 where the capture has no time (a simple packet block).
    ``data`` is the IPv4 packet with whatever the link laid behind it, empty if this is none; then ``note``
    says what it is ("IPv6", "ARP", "EtherType 0x88cc").  ``wire_len`` and ``captured_len`` are those of the
    record, in bytes, link header included.
    """

    number: int
    time_ns: int
    data: bytes
    wire_len: int
    captured_len: int
    note: str = ""

    @property
    def cut(self) -> bool:
        """Whether a snap length cut the packet's end off."""
        return self.captured_len < self.wire_len
