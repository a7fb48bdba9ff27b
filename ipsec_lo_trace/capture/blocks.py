"""The blocks of a pcapng file, one after the other; those of no use here are passed over unseen.

Source: draft-ietf-opsawg-pcapng, sections 3.1 and 4.1.
"""

from __future__ import annotations

import struct

from ipsec_lo_trace.capture.frame import CaptureError, TruncatedCaptureError
from ipsec_lo_trace.capture.window import Window

SHB_MAGIC = b"\x0a\x0d\x0d\x0a"
SHB = 0x0A0D0D0A
IDB = 1
PB = 2
SPB = 3
EPB = 6
MIN_LENS = {SHB: 28, IDB: 20, PB: 32, SPB: 16, EPB: 32}
"""The shortest block of each type that is read, in bytes."""
MAX_BLOCK_LEN = 1 << 24
"""How many bytes a block that is read may have: 16 MiB, as Wireshark has it."""
HEADER_LEN = 8
TRAILER_LEN = 4
_BYTE_ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
_BYTE_ORDER_LEN = 4
_HEADERS = {order: struct.Struct(f"{order}II") for order in "<>"}
_TRAILERS = {order: struct.Struct(f"{order}I") for order in "<>"}


class Blocks:
    """A pcapng file, block by block: ``order`` is the byte order of the section, as struct writes it.

    ``number`` counts the packets that were given so far, for the messages; ``kind`` and ``length`` (in bytes)
    are those of the block that was found.
    """

    def __init__(self, window: Window, file: str) -> None:
        self.window = window
        self.order = "<"
        self.number = 0
        self.kind = 0
        self.length = 0
        self._file = file

    def find(self) -> bool:
        """Have the next block that is read wholly in the window; False behind the last.

        CaptureError if there is no reading on.
        """
        window = self.window
        while window.need(HEADER_LEN):
            self._header()
            if self.kind in MIN_LENS:
                self._have()
                return True
            self._pass_over()
        if window.left or window.broken:
            raise self._truncated(window.left, HEADER_LEN)
        return False

    def fault(self, what: str, hint: str = "") -> CaptureError:
        """Make an error about the packet whose block is in the window, the next to be given."""
        reason = f"packet {self.number + 1} {what}"
        return CaptureError(
            reason, file=self._file, packet=self.number + 1, offset=self.window.offset, hint=hint
        )

    def block_fault(self, what: str) -> CaptureError:
        """Make an error about the block in the window, told by the packet before it."""
        return CaptureError(
            f"{self._behind()} {what}", file=self._file, packet=self.number + 1, offset=self.window.offset
        )

    def _header(self) -> None:
        window = self.window
        kind, length = _HEADERS[self.order].unpack_from(window.data, window.at)
        if kind == SHB:
            # The type reads the same in both byte orders; the length does not.
            self._section()
            _kind, length = _HEADERS[self.order].unpack_from(window.data, window.at)
        if length < MIN_LENS.get(kind, HEADER_LEN + TRAILER_LEN) or length % 4:
            raise self.block_fault(f"a block of type {kind:#x} claims {length} bytes")
        self.kind, self.length = kind, length

    def _section(self) -> None:
        """Take over the byte order of a section that begins."""
        window = self.window
        if not window.need(HEADER_LEN + _BYTE_ORDER_LEN):
            raise self._truncated(window.left, HEADER_LEN + _BYTE_ORDER_LEN)
        at = window.at + HEADER_LEN
        order = _BYTE_ORDERS.get(window.data[at : at + _BYTE_ORDER_LEN])
        if order is None:
            raise self.block_fault("a section has no byte-order magic")
        self.order = order

    def _have(self) -> None:
        window, length = self.window, self.length
        if length > MAX_BLOCK_LEN:
            raise self.block_fault(f"a block of type {self.kind:#x} claims {length} bytes, more than any has")
        if not window.need(length):
            raise self._truncated(window.left, length)
        self._check_trailer(window.at + length - TRAILER_LEN)

    def _pass_over(self) -> None:
        window, length = self.window, self.length
        begun = window.offset
        window.skip(length - TRAILER_LEN)
        if not window.need(TRAILER_LEN):
            raise self._truncated(window.offset - begun + window.left, length, begun)
        self._check_trailer(window.at)
        window.at += TRAILER_LEN

    def _check_trailer(self, at: int) -> None:
        (again,) = _TRAILERS[self.order].unpack_from(self.window.data, at)
        if again != self.length:
            raise self.block_fault(f"a block claims {self.length} bytes first, {again} last")

    def _truncated(self, there: int, length: int, offset: int | None = None) -> TruncatedCaptureError:
        broken = self.window.broken
        reason = f"{self._behind()} it ends inside a block: {there} of {length} bytes are there"
        return TruncatedCaptureError(
            f"{reason}: {broken}" if broken else reason,
            file=self._file,
            packet=self.number + 1,
            offset=self.window.offset if offset is None else offset,
        )

    def _behind(self) -> str:
        return f"behind packet {self.number}" if self.number else "before its first packet"
