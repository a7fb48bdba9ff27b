"""What a capture gives: one packet at a time, or the fault where it cannot be read on."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.errors import UserError

MAX_CAPTURED_LEN = 262_144
"""How many bytes one packet may have: the longest snap length that libpcap takes."""


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One captured packet, counted from 1 across all sections and interfaces.

    ``time_ns`` is in nanoseconds since 1970, 0 where the capture has no time (a simple packet block).
    ``data`` is the IPv4 or IPv6 packet with whatever the link laid behind it, empty if this is neither; then
    ``note`` says what it is ("ARP", "EtherType 0x88cc").  ``wire_len`` and ``captured_len`` are those of the
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


class CaptureError(UserError):
    """A capture that cannot be read on; all packets before ``packet`` have been given.

    ``packet`` counts from 1 (0: the fault is in the file's header), ``offset`` is in bytes from the
    beginning of the capture, unpacked if it came by gzip.
    """

    def __init__(self, reason: str, *, file: str, packet: int = 0, offset: int = 0, hint: str = "") -> None:
        super().__init__(f"{reason}, at byte {offset}" if packet else reason, file=file, hint=hint)
        self.packet = packet
        self.offset = offset


class TruncatedCaptureError(CaptureError):
    """A capture that ends inside a packet, or cannot be read to its end."""
