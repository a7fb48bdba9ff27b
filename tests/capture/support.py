"""A writer of captures, independent of the reader, and shortcuts to read them."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

from ipsec_lo_trace.capture.frame import CaptureError, Frame
from ipsec_lo_trace.capture.read import open_capture

IPV4_PACKET = bytes.fromhex("4500001c000000004001f974 0a090901 0a090902 0800f7ff00000000")
IPV6_PACKET = bytes.fromhex("6000000000083a40" + "00" * 15 + "01" + "00" * 15 + "01" + "80007dba00000000")
ETHERTYPE_IPV4 = b"\x08\x00"
MACS = bytes(12)
NULL, EN10MB, RAW = 0, 1, 101


class Packet(NamedTuple):
    """One packet to write: time in nanoseconds, link header and all, how many bytes were cut off."""

    time_ns: int
    data: bytes
    cut_len: int = 0


def pcap_header(link_type: int = NULL, order: str = "<", magic: int = 0xA1B2C3D4) -> bytes:
    """Make a pcap file's header."""
    return struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)


def pcap(
    packets: list[Packet], link_type: int = NULL, order: str = "<", *, nanoseconds: bool = False
) -> bytes:
    """Make a pcap file."""
    unit_ns = 1 if nanoseconds else 1000
    parts = [pcap_header(link_type, order, 0xA1B23C4D if nanoseconds else 0xA1B2C3D4)]
    for packet in packets:
        seconds, rest_ns = divmod(packet.time_ns, 10**9)
        lengths = (len(packet.data), len(packet.data) + packet.cut_len)
        parts += [struct.pack(f"{order}IIII", seconds, rest_ns // unit_ns, *lengths), packet.data]
    return b"".join(parts)


def padded(data: bytes) -> bytes:
    """Fill bytes up to a multiple of four."""
    return data + bytes(-len(data) % 4)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    """Make a pcapng block around a body."""
    length = len(padded(body)) + 12
    return struct.pack(f"{order}II", kind, length) + padded(body) + struct.pack(f"{order}I", length)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    """Make an option of a pcapng block."""
    return struct.pack(f"{order}HH", code, len(value)) + padded(value)


def section(order: str = "<", version: int = 1) -> bytes:
    """Make a Section Header Block."""
    return block(0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, version, 0, -1), order)


def interface(link_type: int = NULL, order: str = "<", snap_len: int = 262144, options: bytes = b"") -> bytes:
    """Make an Interface Description Block."""
    return block(1, struct.pack(f"{order}HHI", link_type, 0, snap_len) + options, order)


def enhanced(packet: Packet, stamp: int, number: int = 0, order: str = "<", options: bytes = b"") -> bytes:
    """Make an Enhanced Packet Block; ``stamp`` is in the interface's units."""
    lengths = (len(packet.data), len(packet.data) + packet.cut_len)
    head = struct.pack(f"{order}IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, *lengths)
    return block(6, head + padded(packet.data) + options, order)


def obsolete(packet: Packet, stamp: int, number: int = 0, order: str = "<") -> bytes:
    """Make a Packet Block."""
    lengths = (len(packet.data), len(packet.data) + packet.cut_len)
    head = struct.pack(f"{order}HHIIII", number, 3, stamp >> 32, stamp & 0xFFFFFFFF, *lengths)
    return block(2, head + packet.data, order)


def simple(packet: Packet, order: str = "<") -> bytes:
    """Make a Simple Packet Block."""
    return block(3, struct.pack(f"{order}I", len(packet.data) + packet.cut_len) + packet.data, order)


def pcapng(packets: list[Packet], link_type: int = NULL, order: str = "<") -> bytes:
    """Make a pcapng file of one section and one interface, with times in nanoseconds."""
    options = option(9, b"\x09", order) + option(0, b"", order)
    blocks = [enhanced(packet, packet.time_ns, order=order) for packet in packets]
    return section(order) + interface(link_type, order, options=options) + b"".join(blocks)


def null(data: bytes = IPV4_PACKET, family: int = 2, order: str = "<") -> bytes:
    """Put the header of a BSD loopback before a packet."""
    return struct.pack(f"{order}I", family) + data


def ethernet(data: bytes = IPV4_PACKET, kind: bytes = ETHERTYPE_IPV4) -> bytes:
    """Put an Ethernet header before a packet."""
    return MACS + kind + data


def frames(data: bytes) -> list[Frame]:
    """Read a capture whole."""
    return list(open_capture(io.BytesIO(data), "f"))


def read_until_fault(data: bytes) -> tuple[list[Frame], CaptureError | None]:
    """Read as many packets as there are, and give the error that ended it, if one did."""
    given: list[Frame] = []
    try:
        for frame in open_capture(io.BytesIO(data), "f"):
            given.append(frame)  # noqa: PERF402 -- what was given before an error counts
    except CaptureError as error:
        return given, error
    return given, None


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        """Take what to give, and how much at once."""
        super().__init__()
        self._rest = io.BytesIO(data)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        """Return the next few bytes."""
        return self._rest.read(self._size if size < 0 else min(size, self._size))
