"""The classic capture format: a file header, then one record after the other.

Source: pcap-savefile(5).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.capture.choice import ELSEWHERE, Choice
from ipsec_lo_trace.capture.cooked import COOKED
from ipsec_lo_trace.capture.frame import MAX_CAPTURED_LEN, CaptureError, Frame, TruncatedCaptureError
from ipsec_lo_trace.capture.link import link_hint, link_name
from ipsec_lo_trace.capture.window import Window

MAGIC_LEN = 4
FILE_HEADER_LEN = 24
RECORD_HEADER_LEN = 16
VERSION = (2, 4)
_LINK_TYPE_MASK = 0x03FFFFFF
"""The bits above tell of an Ethernet checksum behind each packet, which no IPv4 packet's length counts."""


class Magic(msgspec.Struct, frozen=True):
    """What the first four bytes tell: the byte order, and the nanoseconds that a fraction's unit has."""

    order: str
    unit_ns: int


MAGICS = {
    struct.pack(f"{order}I", magic): Magic(order, unit_ns)
    for order in "<>"
    for magic, unit_ns in ((0xA1B2C3D4, 1000), (0xA1B23C4D, 1))
}


class PcapReader:
    """Read the packets of a pcap file behind its magic; CaptureError if the file's header is wrong."""

    def __init__(self, window: Window, file: str, magic: Magic, choice: Choice) -> None:
        self._choice = choice
        self._window = window
        self._file = file
        self._magic = magic
        self._record = struct.Struct(f"{magic.order}IIII")
        link_type = self._link_type()
        decode = choice.decoder(link_type)
        if decode is None:
            reason = f"{link_name(link_type)} is not one of a loopback interface"
            raise CaptureError(reason, file=file, hint=link_hint(link_type))
        if choice.is_narrow and link_type not in COOKED:
            reason = f"{link_name(link_type)} does not say which interface a packet is of"
            raise CaptureError(reason, file=file, hint=f"leave -i {choice.wanted} out")
        self._decode = decode
        self.link_types = {link_type: None}

    def _link_type(self) -> int:
        window = self._window
        if not window.need(FILE_HEADER_LEN):
            reason = f"it ends inside the file's header: {window.left} of {FILE_HEADER_LEN} bytes"
            raise TruncatedCaptureError(_why(reason, window), file=self._file)
        header = struct.unpack_from(f"{self._magic.order}IHHIIII", window.data, window.at)
        if header[1:3] != VERSION:
            reason = f"pcap version {header[1]}.{header[2]} is not read"
            raise CaptureError(reason, file=self._file, hint="only 2.4, of 1998, is")
        window.at += FILE_HEADER_LEN
        link_type: int = header[6]
        return link_type & _LINK_TYPE_MASK

    def frames(self) -> Iterator[Frame]:
        """Yield each packet; CaptureError behind the last one if there is no reading on."""
        window, decode, unit_ns, unpack = (
            self._window,
            self._decode,
            self._magic.unit_ns,
            self._record.unpack_from,
        )
        number = 0
        while self._whole_record(number + 1):
            data, at = window.data, window.at
            while at + RECORD_HEADER_LEN <= len(data):
                seconds, fraction, captured_len, wire_len = unpack(data, at)
                start = at + RECORD_HEADER_LEN
                stop = start + captured_len
                if stop > len(data) or captured_len > MAX_CAPTURED_LEN:
                    break
                number += 1
                at = stop
                packet, note = decode(data, start, stop)
                if note is ELSEWHERE:
                    continue
                time_ns = seconds * 1_000_000_000 + fraction * unit_ns
                yield Frame(number, time_ns, packet, wire_len, captured_len, note)
            window.at = at
        self._choice.check(self._file, number)

    def _whole_record(self, number: int) -> bool:
        """Have a whole record in the window; False behind the last one."""
        window = self._window
        if not window.need(RECORD_HEADER_LEN):
            if window.left or window.broken:
                raise self._truncated(f"inside the header of packet {number}", number, RECORD_HEADER_LEN)
            return False
        captured_len: int = self._record.unpack_from(window.data, window.at)[2]
        if captured_len > MAX_CAPTURED_LEN:
            reason = (
                f"packet {number} claims {captured_len} bytes, more than the {MAX_CAPTURED_LEN} there can be"
            )
            hint = "the file is damaged here, or before"
            raise CaptureError(reason, file=self._file, packet=number, offset=window.offset, hint=hint)
        if not window.need(RECORD_HEADER_LEN + captured_len):
            raise self._truncated(f"inside packet {number}", number, RECORD_HEADER_LEN + captured_len)
        return True

    def _truncated(self, where: str, number: int, length: int) -> TruncatedCaptureError:
        window = self._window
        reason = f"it ends {where}: {window.left} of {length} bytes are there"
        if not window.left:
            reason = f"it breaks off before packet {number}"
        return TruncatedCaptureError(
            _why(reason, window), file=self._file, packet=number, offset=window.offset
        )


def _why(reason: str, window: Window) -> str:
    return f"{reason}: {window.broken}" if window.broken else reason
