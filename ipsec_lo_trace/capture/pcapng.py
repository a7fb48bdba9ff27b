"""The newer capture format, made of blocks: sections, their interfaces, and packets.

Source: draft-ietf-opsawg-pcapng, sections 4.1 to 4.4 and appendix A.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from ipsec_lo_trace.capture.blocks import EPB, HEADER_LEN, IDB, MIN_LENS, PB, SHB, SPB, TRAILER_LEN, Blocks
from ipsec_lo_trace.capture.frame import MAX_CAPTURED_LEN, Frame
from ipsec_lo_trace.capture.link import Decoder, decoder, link_hint, link_name
from ipsec_lo_trace.capture.window import Window

_INTERFACE_HEADER_LEN = 8
_OPTION_HEADER_LEN = 4
_OPT_ENDOFOPT = 0
_IF_TSRESOL = 9
_IF_TSOFFSET = 14
_SECOND_NS = 1_000_000_000
_BINARY = 0x80
_MICROSECONDS = 6


class Interface(msgspec.Struct, frozen=True):
    """One interface; ``decode`` is None if its link type is not read.

    ``snap_len`` is in bytes, 0 for none.  A time stamp times ``multiplier`` divided by ``divisor`` is in
    nanoseconds, to which ``offset_ns`` comes.
    """

    link_type: int
    decode: Decoder | None
    snap_len: int
    multiplier: int
    divisor: int
    offset_ns: int


@lru_cache(maxsize=64)
def interface(body: bytes, order: str) -> Interface:
    """Read the body of an Interface Description Block; ValueError says what is wrong with it.

    ``order`` is the section's byte order, as struct writes it.
    """
    link_type, snap_len = struct.unpack_from(f"{order}HxxI", body)
    multiplier, divisor, offset_ns = _SECOND_NS, 10**_MICROSECONDS, 0
    for code, value in _options(body, order):
        if code == _IF_TSRESOL:
            _check_len("if_tsresol", value, 1)
            exponent = value[0] & ~_BINARY
            divisor = 2**exponent if value[0] & _BINARY else 10**exponent
        elif code == _IF_TSOFFSET:
            _check_len("if_tsoffset", value, 8)
            offset_ns = struct.unpack(f"{order}q", value)[0] * _SECOND_NS
    if multiplier % divisor == 0:
        multiplier, divisor = multiplier // divisor, 1
    return Interface(link_type, decoder(link_type), snap_len, multiplier, divisor, offset_ns)


def _options(body: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    at = _INTERFACE_HEADER_LEN
    while at + _OPTION_HEADER_LEN <= len(body):
        code, length = struct.unpack_from(f"{order}HH", body, at)
        if code == _OPT_ENDOFOPT:
            return
        at += _OPTION_HEADER_LEN
        if at + length > len(body):
            raise ValueError(f"its option {code} claims {length} bytes, more than the block has")
        yield code, body[at : at + length]
        at += length + -length % 4


def _check_len(name: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError(f"its {name} has {len(value)} bytes, not {length}")


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

    def __init__(self, window: Window, file: str) -> None:
        self.link_types: list[int] = []
        self._window = window
        self._blocks = Blocks(window, file)
        self._interfaces: list[Interface] = []

    def frames(self) -> Iterator[Frame]:
        """Yield each packet; CaptureError behind the last one if there is no reading on."""
        blocks, window = self._blocks, self._window
        packets: dict[int, Callable[[int], Frame]] = {PB: self._obsolete, SPB: self._simple}
        others: dict[int, Callable[[int], None]] = {SHB: self._section, IDB: self._interface}
        while blocks.find():
            kind, length = blocks.kind, blocks.length
            if kind == EPB:
                yield from self._enhanced()
            elif kind in packets:
                frame = packets[kind](length)
                window.at += length
                blocks.number += 1
                yield frame
            else:
                others[kind](length)
                window.at += length

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
        self._interfaces.append(described)
        if described.link_type not in self.link_types:
            self.link_types.append(described.link_type)

    def _obsolete(self, length: int) -> Frame:
        number, _drops, high, low, captured_len, wire_len = self._fields(_OBSOLETE)
        stamp = high << 32 | low
        return self._packet(self._named(number), _FULL_HEADER_LEN, length, stamp, captured_len, wire_len)

    def _simple(self, length: int) -> Frame:
        """Read a packet without time and captured length; the latter is what interface 0 keeps."""
        (wire_len,) = self._fields(_SIMPLE)
        source = self._named(0)
        captured_len = min(wire_len, source.snap_len or wire_len)
        return self._packet(source, _SIMPLE_HEADER_LEN, length, None, captured_len, wire_len)

    def _named(self, number: int) -> Interface:
        if number >= len(self._interfaces):
            raise self._blocks.fault(f"is of interface {number}, which its section has not described")
        return self._interfaces[number]

    def _packet(
        self,
        source: Interface,
        header_len: int,
        length: int,
        stamp: int | None,
        captured_len: int,
        wire_len: int,
    ) -> Frame:
        blocks, window = self._blocks, self._window
        if source.decode is None:
            reason = f"has {link_name(source.link_type)}, which is not one of a loopback interface"
            raise blocks.fault(reason, link_hint(source.link_type))
        if captured_len > min(MAX_CAPTURED_LEN, length - header_len - TRAILER_LEN):
            raise blocks.fault(f"claims {captured_len} bytes, in a block of {length}")
        time_ns = 0
        if stamp is not None:
            time_ns = stamp * source.multiplier // source.divisor + source.offset_ns
            if not 0 <= time_ns <= _MAX_TIME_NS:
                raise blocks.fault(f"claims a time of {time_ns} ns since 1970")
        start = window.at + header_len
        data, note = source.decode(window.data, start, start + captured_len)
        return Frame(blocks.number + 1, time_ns, data, wire_len, captured_len, note)
