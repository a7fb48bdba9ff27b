"""Does a capture that was made to cost time or memory cost more than its bytes?"""

from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

import pytest

from ipsec_lo_trace.capture.frame import CaptureError
from ipsec_lo_trace.capture.pcapng import MAX_INTERFACES
from ipsec_lo_trace.capture.read import open_capture
from tests.capture.support import IPV4_PACKET, RAW, Packet, enhanced, interface, option, pcap, section
from tests.hostile.support import DATA


class Counting:
    """zlib's unpacker; ``given`` counts the bytes that any of them was given."""

    given = 0

    def __init__(self, unpacker: Any) -> None:  # noqa: ANN401 -- zlib's own class has no public name
        self._unpacker = unpacker

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever it has
        return getattr(self._unpacker, name)

    def copy(self) -> Counting:
        """Copy it."""
        return Counting(self._unpacker.copy())

    def decompress(self, data: bytes, max_length: int = 0) -> bytes:
        """Unpack, and count."""
        Counting.given += len(data)
        unpacked: bytes = self._unpacker.decompress(data, max_length)
        return unpacked


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], int]:
    """Return what reads a capture and says how many bytes zlib was given."""
    real = zlib.decompressobj
    monkeypatch.setattr(zlib, "decompressobj", lambda wbits: Counting(real(wbits)))

    def read(data: bytes) -> int:
        Counting.given = 0
        list(open_capture(io.BytesIO(data), "f"))
        return Counting.given

    return read


@pytest.mark.parametrize("size", [0, 1, 30, 300, 5_000])
def test_gzip_members_of_any_size_cost_what_they_hold(size: int, given: Callable[[bytes], int]) -> None:
    """However short its members are, gzip data is given to zlib a few times over, not a chunk for each."""
    records = pcap([Packet(0, bytes(range(size % 256)))] * (60_000 // (size + 40)), RAW)
    pieces = [records[at : at + size] for at in range(0, len(records), size)] if size else [records]
    members = [gzip.compress(piece, mtime=0) for piece in pieces] + [gzip.compress(b"", mtime=0)] * 2_000
    packed = b"".join(members)
    assert given(packed) < 256 * len(members) + 3 * len(packed)


def test_the_file_of_empty_gzip_members(given: Callable[[bytes], int]) -> None:
    """40,000 empty members behind a capture's header cost less than twenty times their bytes."""
    data = gzip.decompress((DATA / "audit-gzip-members.pcap.gz").read_bytes())
    assert given(data) < 20 * len(data)


def endless(head: bytes, piece: Callable[[int], bytes], count: int) -> BinaryIO:
    """Make a stream of a head and so many pieces, without holding them."""
    at_once = 1 + 50_000 // len(piece(1))

    class Pieces(io.RawIOBase):
        """A stream that makes its pieces as they are read."""

        def __init__(self) -> None:
            super().__init__()
            self.made = 0

        def read(self, _size: int = -1) -> bytes:
            if not self.made:
                self.made = 1
                return head
            first, self.made = self.made, min(self.made + at_once, count + 1)
            return b"".join(map(piece, range(first, self.made)))

    return cast("BinaryIO", Pieces())


def peak(stream: BinaryIO) -> int:
    """Read a capture to its end or fault and give the peak of memory, in bytes."""
    tracemalloc.start()
    try:
        for _frame in frames(stream):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def frames(stream: BinaryIO) -> Iterator[object]:
    """Give a capture's packets, up to a fault."""
    try:
        yield from open_capture(stream, "f")
    except CaptureError:
        return


def described(number: int, link_type: int = RAW) -> bytes:
    """Describe an interface unlike all others."""
    return interface(link_type, options=option(2, b"veth%d" % number) + option(9, bytes([number % 19])))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "count"),
    [
        (described, 40_000),
        (lambda number: described(number, number % 65_536), 40_000),
        (lambda number: section() + described(number) * 3, 8_000),
        (lambda number: section() + interface(number % 65_536), 12_000),
        (lambda number: section() + interface(RAW, options=option(2, b"%d" % number * 9_000)), 300),
        (
            lambda number: section() + interface(RAW, options=option(1, bytes([number % 256]) * 60_000) * 20),
            60,
        ),
    ],
    ids=["interfaces", "link types", "sections", "sections of link types", "long names", "long descriptions"],
)
def test_what_a_file_describes_is_not_kept(piece: Callable[[int], bytes], count: int) -> None:
    """Interfaces, link types, sections: more of them need no more memory than the most that are kept."""
    assert peak(endless(section(), piece, count)) < 12 << 20


def test_a_section_of_too_many_interfaces_is_refused_at_once() -> None:
    """Of five million interfaces those up to the limit are looked at, then the capture is refused."""
    stream = endless(section(), described, 5_000_000)
    with pytest.raises(CaptureError, match=f"more than {MAX_INTERFACES} interfaces"):
        list(open_capture(stream, "f"))
    assert cast("Any", stream).made < 2 * MAX_INTERFACES


def test_many_link_types_do_not_slow_packets_down() -> None:
    """Packets behind 16,000 link types are read, and the description names a few."""
    data = section() + b"".join(interface(number) for number in range(200, 16_200)) + interface(RAW)
    capture = open_capture(io.BytesIO(data + enhanced(Packet(0, IPV4_PACKET), 0, 16_000)), "f")
    assert [frame.data for frame in capture] == [IPV4_PACKET]
    assert capture.link_type.count(",") < 20


def test_a_name_of_any_bytes_is_a_name() -> None:
    """The bytes of an interface's name never reach a message as they are, nor a record."""
    name = b"\xff\x9b\x1b[2J\n\xe2\x80\xae"
    data = section() + interface(RAW, options=option(2, name)) + enhanced(Packet(0, IPV4_PACKET), 0)
    with pytest.raises(CaptureError) as error:
        list(open_capture(io.BytesIO(data), "f", "\udcff\x9b"))
    assert str(error.value).isascii()
    assert str(error.value).isprintable()


def test_lengths_are_believed_up_to_what_is_there() -> None:
    """A record that claims the most there can be, behind nothing, is a fault and no allocation."""
    head = pcap([], RAW)
    claim = struct.pack("<IIII", 0, 0, 262_144, 0xFFFFFFFF)
    assert peak(cast("BinaryIO", io.BytesIO(head + claim))) < 2 << 20
