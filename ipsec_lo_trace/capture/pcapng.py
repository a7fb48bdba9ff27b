"""The newer capture format, made of blocks: sections, their interfaces, and packets.

Source: draft-ietf-opsawg-pcapng, sections 4.1, 4.3, 4.4 and appendix A.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from ipsec_lo_trace.capture.blocks import EPB, HEADER_LEN, IDB, MIN_LENS, PB, SHB, SPB, TRAILER_LEN, Blocks
from ipsec_lo_trace.capture.choice import ELSEWHERE, Choice
from ipsec_lo_trace.capture.ethertype import Decoder
from ipsec_lo_trace.capture.frame import MAX_CAPTURED_LEN, CaptureError, Frame
from ipsec_lo_trace.capture.interface import Interface, interface
from ipsec_lo_trace.capture.link import link_hint, link_name
from ipsec_lo_trace.capture.window import Window

MAX_INTERFACES = 1 << 14
"""How many interfaces one section may describe: more than a host has, or files were ever merged."""
MAX_LINK_TYPES = 16
"""How many different link types are kept for the capture's description."""
_ENHANCED = {order: struct.Struct(f"{order}IIIIIII") for order in "<>"}
_OBSOLETE = {order: struct.Struct(f"{order}8xHHIIII") for order in "<>"}
_TRAILER = {order: struct.Struct(f"{order}I") for order in "<>"}
_SIMPLE = {order: struct.Struct(f"{order}8xI") for order in "<>"}
_SECTION = {order: struct.Struct(f"{order}12xH") for order in "<>"}
_FULL_HEADER_LEN = 28
"""Bytes before the packet in an enhanced and in an obsolete block."""
_SIMPLE_HEADER_LEN = 12
_VERSION = 1
_MAX_TIME_NS = (1 << 63) - 1
"""The last time that is believed, in the year 2262: 63 bits, as most programs have."""


class PcapngReader:
    """Read the packets of a pcapng file, section by section."""

    def __init__(self, window: Window, file: str, choice: Choice) -> None:
        self.link_types: dict[int, None] = {}
        self._file = file
        self._choice = choice
        self._window = window
        self._blocks = Blocks(window, file)
        self._interfaces: list[tuple[Interface, Decoder]] = []
        self._unread = 0
        self._unread_type = 0

    def frames(self) -> Iterator[Frame]:
        """Yield each packet; CaptureError behind the last one if there is no reading on, or none was read."""
        blocks, window = self._blocks, self._window
        packets: dict[int, Callable[[int], Frame | None]] = {PB: self._obsolete, SPB: self._simple}
        others: dict[int, Callable[[int], None]] = {SHB: self._section, IDB: self._interface}
        while blocks.find():
            kind, length = blocks.kind, blocks.length
            if kind == EPB:
                yield from self._enhanced()
            elif kind in packets:
                frame = packets[kind](length)
                window.at += length
                blocks.number += 1
                if frame is not None:
                    yield frame
            else:
                others[kind](length)
                window.at += length
        self._check()

    def _check(self) -> None:
        """Refuse a capture of which nothing was taken."""
        self._choice.check(self._file, self._blocks.number)
        if self._unread and self._unread + self._choice.passed_over == self._blocks.number:
            link_type = self._unread_type
            reason = f"none of its packets is read: {link_name(link_type)} is not one of a loopback interface"
            raise CaptureError(reason, file=self._file, hint=link_hint(link_type))

    def _enhanced(self) -> Iterator[Frame]:
        """Yield the packet of the block in the window, and those of the sound blocks of its kind behind it.

        Most captures hold nothing else, so this is the loop that must be fast.
        """
        blocks, window = self._blocks, self._window
        unpack, trailer = _ENHANCED[blocks.order].unpack_from, _TRAILER[blocks.order].unpack_from
        data, at = window.data, window.at
        shortest = MIN_LENS[EPB]
        while at + shortest <= len(data):
            kind, length, number, high, low, captured_len, wire_len = unpack(data, at)
            stop = at + length
            if kind != EPB or length < shortest or length & 3 or stop > len(data):
                return
            if trailer(data, stop - TRAILER_LEN)[0] != length:
                return
            stamp = high << 32 | low
            frame = self._packet(self._named(number), _FULL_HEADER_LEN, length, stamp, captured_len, wire_len)
            window.at = at = stop
            blocks.number += 1
            if frame is not None:
                yield frame

    def _fields(self, layout: dict[str, struct.Struct]) -> tuple[int, ...]:
        return layout[self._blocks.order].unpack_from(self._window.data, self._window.at)

    def _section(self, _length: int) -> None:
        (major,) = self._fields(_SECTION)
        if major != _VERSION:
            raise self._blocks.block_fault(f"a section has version {major}, of which nothing is known")
        self._interfaces = []

    def _interface(self, length: int) -> None:
        window = self._window
        body = window.data[window.at + HEADER_LEN : window.at + length - TRAILER_LEN]
        try:
            described = interface(body, self._blocks.order)
        except ValueError as error:
            raise self._blocks.block_fault(f"an interface is described wrongly: {error}") from None
        number = len(self._interfaces)
        if number == MAX_INTERFACES:
            raise self._blocks.block_fault(f"a section describes more than {MAX_INTERFACES} interfaces")
        decode = self._choice.decoder(described.link_type, described.name, number)
        self._interfaces.append((described, decode or self._unreadable(described.link_type)))
        if len(self.link_types) < MAX_LINK_TYPES:
            self.link_types[described.link_type] = None

    def _unreadable(self, link_type: int) -> Decoder:
        """Return what stands for the decoder of a link type that is not read."""
        name = link_name(link_type)

        def unread(_data: bytes, _start: int, _stop: int) -> tuple[bytes, str]:
            self._unread += 1
            self._unread_type = link_type
            return b"", name

        return unread

    def _obsolete(self, length: int) -> Frame | None:
        number, _drops, high, low, captured_len, wire_len = self._fields(_OBSOLETE)
        stamp = high << 32 | low
        return self._packet(self._named(number), _FULL_HEADER_LEN, length, stamp, captured_len, wire_len)

    def _simple(self, length: int) -> Frame | None:
        """Read a packet without time and captured length; the latter is what interface 0 keeps."""
        (wire_len,) = self._fields(_SIMPLE)
        source = self._named(0)
        captured_len = min(wire_len, source[0].snap_len or wire_len)
        return self._packet(source, _SIMPLE_HEADER_LEN, length, None, captured_len, wire_len)

    def _named(self, number: int) -> tuple[Interface, Decoder]:
        if number >= len(self._interfaces):
            raise self._blocks.fault(f"is of interface {number}, which its section has not described")
        return self._interfaces[number]

    def _packet(
        self,
        source: tuple[Interface, Decoder],
        header_len: int,
        length: int,
        stamp: int | None,
        captured_len: int,
        wire_len: int,
    ) -> Frame | None:
        blocks, window = self._blocks, self._window
        described, decode = source
        if captured_len > min(MAX_CAPTURED_LEN, length - header_len - TRAILER_LEN):
            raise blocks.fault(f"claims {captured_len} bytes, in a block of {length}")
        time_ns = 0
        if stamp is not None:
            time_ns = stamp * described.multiplier // described.divisor + described.offset_ns
            if not 0 <= time_ns <= _MAX_TIME_NS:
                raise blocks.fault(f"claims a time of {time_ns} ns since 1970")
        start = window.at + header_len
        data, note = decode(window.data, start, start + captured_len)
        if note is ELSEWHERE:
            return None
        return Frame(blocks.number + 1, time_ns, data, wire_len, captured_len, note)
