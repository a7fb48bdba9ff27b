"""What may be wrong with a capture, with the packet and the byte where it shows."""

from __future__ import annotations

from ipsec_lo_trace.model.errors import UserError


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
