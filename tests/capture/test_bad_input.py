from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
from random import Random
from typing import BinaryIO, cast

import pytest

from ipsec_lo_trace.capture.frame import MAX_CAPTURED_LEN, CaptureError, TruncatedCaptureError
from ipsec_lo_trace.capture.read import open_capture
from tests.capture.support import (
    EN10MB,
    IPV4_PACKET,
    RAW,
    Packet,
    block,
    enhanced,
    ethernet,
    frames,
    interface,
    option,
    pcap,
    pcap_header,
    pcapng,
    read_until_fault,
    section,
    simple,
)

PACKET = Packet(1_000_000_007, IPV4_PACKET)
LONG = Packet(1_000_000_007, IPV4_PACKET + bytes(1000))
PCAP = pcap([PACKET] * 3, RAW)
PCAPNG = pcapng([PACKET] * 3, RAW)
WRITE_ONE = " (tcpdump -i lo0 -w FILE writes one; on Linux -i lo)"
A_TEXT = " (this looks like a text; keys and policies go with -f)"
KNOWN = (
    "these are read: NULL 0, EN10MB 1, RAW 12, RAW 14, RAW 101, LOOP 108, LINUX_SLL 113, IPV4 228, IPV6 229,"
    " LINUX_SLL2 276"
)
BEFORE = "f: before its first packet"
DAMAGED = " (the file is damaged here, or before)"
HUGE = struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)
HEAD = section() + interface(RAW)


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        (b"", 0, "f: it is empty" + WRITE_ONE),
        (b"ab", 0, "f: it is neither pcap nor pcapng: it begins with 61 62" + A_TEXT),
        (
            b"\xd4\xc3\xb2\xa2rest",
            0,
            "f: it is neither pcap nor pcapng: it begins with d4 c3 b2 a2" + WRITE_ONE,
        ),
        (b"\xfd7zXZ", 0, "f: it is packed by xz, which is not read" + WRITE_ONE),
        (gzip.compress(b"", mtime=0), 0, "f: there is nothing in the gzip data" + WRITE_ONE),
        (
            gzip.compress(b"hello", mtime=0),
            0,
            "f: what is in the gzip data is neither pcap nor pcapng: it begins with 68 65 6c 6c" + A_TEXT,
        ),
        (b"\x1f\x8b garbage", 0, "cannot read f: the gzip data is damaged"),
        (b"\x1f\x8b", 0, "cannot read f: the gzip data ends in its middle"),
        (PCAP[:20], 0, "f: it ends inside the file's header: 20 of 24 bytes"),
        (PCAP[:4] + b"\1\0" + PCAP[6:], 0, "f: pcap version 1.4 is not read (only 2.4, of 1998, is)"),
        (pcap([], 147), 0, f"f: link type 147 is not one of a loopback interface ({KNOWN})"),
        (PCAP[:-1], 2, "f: it ends inside packet 3: 43 of 44 bytes are there, at byte 112"),
        (PCAP[:30], 0, "f: it ends inside the header of packet 1: 6 of 16 bytes are there, at byte 24"),
        (
            PCAP[:112] + HUGE + bytes(100),
            2,
            "f: packet 3 claims 4294967295 bytes, more than the 262144 there can be, at byte 112" + DAMAGED,
        ),
        (
            gzip.compress(PCAP, mtime=0)[:-8],
            3,
            "f: it breaks off before packet 4: the gzip data ends in its middle, at byte 156",
        ),
        (
            gzip.compress(PCAP, mtime=0) + bytes(90) + gzip.compress(PCAP[24:], mtime=0),
            3,
            "f: it breaks off before packet 4: the gzip data is damaged, at byte 156",
        ),
        (
            gzip.compress(PCAP, mtime=0)[:-8] + bytes(8),
            3,
            "f: it breaks off before packet 4: the gzip data is damaged, at byte 156",
        ),
    ],
)
def test_a_pcap_file_that_is_wrong(data: bytes, given: int, message: str) -> None:
    """Each fault ends in one message; the packets before it are given."""
    assert_fault(data, given, message)


@pytest.mark.parametrize(
    ("data", "given", "message"),
    [
        (
            PCAPNG[:10],
            0,
            f"{BEFORE} it ends inside a block: 10 of 12 bytes are there, at byte 0",
        ),
        (PCAPNG[:-1], 2, "f: behind packet 2 it ends inside a block: 59 of 60 bytes are there, at byte 180"),
        (
            PCAPNG + bytes(7),
            3,
            "f: behind packet 3 it ends inside a block: 7 of 8 bytes are there, at byte 240",
        ),
        (
            HEAD + struct.pack("<II", 0xBAD, 0xFFFFFFFC) + bytes(500),
            0,
            f"{BEFORE} it ends inside a block: 508 of 4294967292 bytes are there, at byte 48",
        ),
        (
            HEAD + struct.pack("<II", 6, 0xFFFFFFFC),
            0,
            f"{BEFORE} a block of type 0x6 claims 4294967292 bytes, more than any has, at byte 48",
        ),
        (HEAD + block(0xBAD, b"")[:-4] + b"\1\0\0\0", 0, "a block claims 12 bytes first, 1 last, at byte 56"),
        (HEAD + struct.pack("<II", 7, 13) + bytes(9), 0, "a block of type 0x7 claims 13 bytes, at byte 48"),
        (HEAD + block(6, b""), 0, "a block of type 0x6 claims 12 bytes, at byte 48"),
        (section()[:8] + bytes(20), 0, "a section has no byte-order magic, at byte 0"),
        (section(version=2), 0, "a section has version 2, of which nothing is known, at byte 0"),
        (
            HEAD + enhanced(PACKET, 0, number=1),
            0,
            "packet 1 is of interface 1, which its section has not described",
        ),
        (section() + simple(PACKET), 0, "packet 1 is of interface 0, which its section has not described"),
        (HEAD + enhanced(PACKET, 0) + section() + simple(PACKET), 1, "packet 2 is of interface 0, which its"),
        (
            section() + interface(147) + enhanced(PACKET, 0),
            1,
            f"f: none of its packets is read: link type 147 is not one of a loopback interface ({KNOWN})",
        ),
        (
            section() + interface(options=option(9, b"")),
            0,
            "an interface is described wrongly: its if_tsresol has 0 bytes, not 1, at byte 28",
        ),
        (
            section() + interface(options=option(14, b"\1")),
            0,
            "an interface is described wrongly: its if_tsoffset has 1 bytes, not 8, at byte 28",
        ),
        (
            section() + interface(options=b"\2\0\x63\0"),
            0,
            "an interface is described wrongly: its option 2 claims 99 bytes, more than the block has",
        ),
        (
            HEAD + enhanced(PACKET, 1 << 63),
            0,
            "packet 1 claims a time of 9223372036854775808000 ns since 1970",
        ),
        (
            section() + interface(RAW, options=option(14, b"\xff" * 8)) + enhanced(PACKET, 0),
            0,
            "packet 1 claims a time of -1000000000 ns since 1970",
        ),
        (
            HEAD + block(6, struct.pack("<IIIII", 0, 0, 0, 9, 9) + bytes(8)),
            0,
            "packet 1 claims 9 bytes, in a block of 40, at byte 48",
        ),
    ],
)
def test_a_pcapng_file_that_is_wrong(data: bytes, given: int, message: str) -> None:
    """Each fault ends in one message; the packets before it are given."""
    assert_fault(data, given, message)


def assert_fault(data: bytes, given: int, message: str) -> None:
    """Read as far as it goes, and hold number of packets and message against what is expected."""
    found, error = read_until_fault(data)
    assert error is not None
    assert len(found) == given
    assert message in str(error)
    assert error.packet in (0, given + 1)


@pytest.mark.parametrize(
    ("data", "whole_at"),
    [
        (PCAP, [24, 68, 112, 156]),
        (PCAPNG, [28, 60, 120, 180, 240]),
        (pcap([PACKET] * 2, RAW, ">", nanoseconds=True), [24, 68, 112]),
    ],
)
def test_a_capture_cut_off_anywhere_is_never_silently_shorter(data: bytes, whole_at: list[int]) -> None:
    """Cut between two records, a capture is a shorter one; cut elsewhere, it ends in an error."""
    whole = frames(data)
    for length in range(len(data) + 1):
        given, error = read_until_fault(data[:length])
        assert given == whole[: len(given)]
        assert (error is None) == (length in whole_at)
        assert length < 4 or error is None or isinstance(error, TruncatedCaptureError)


def test_damage_to_gzip_data_spares_the_packets_before_it() -> None:
    """Wherever a byte of the packed data is wrong, packets come out, and then an error, or all of them do."""
    packets = [Packet(0, bytes([0x45, *data])) for data in zip(range(200), range(200), strict=True)]
    whole = frames(pcap(packets, RAW))
    packed = gzip.compress(pcap(packets, RAW), mtime=0)
    for at in range(len(packed) - 20, len(packed)):
        given, error = read_until_fault(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :])
        assert isinstance(error, CaptureError)
        assert len(given) > 150
        assert given[:150] == whole[:150]


def test_a_stream_that_fails_is_told() -> None:
    """An error of the system, on the first read or a later one, ends the capture with its reason."""

    class Failing(io.RawIOBase):
        """A stream that gives some bytes, then fails."""

        def __init__(self, data: bytes) -> None:
            super().__init__()
            self._data = data

        def read(self, _size: int = -1) -> bytes:
            data, self._data = self._data, b""
            if not data:
                raise OSError(5, "Input/output error")
            return data

    with pytest.raises(CaptureError, match=r"^cannot read f: Input/output error$"):
        open_capture(cast("BinaryIO", Failing(b"")), "f")
    with pytest.raises(CaptureError, match=r"^cannot read f: Input/output error$"):
        open_capture(cast("BinaryIO", Failing(gzip.compress(PCAP, mtime=0)[:12])), "f")
    packed = iter(open_capture(cast("BinaryIO", Failing(gzip.compress(PCAP, mtime=0))), "f"))
    assert len([next(packed) for _ in range(3)]) == 3
    with pytest.raises(TruncatedCaptureError, match="breaks off before packet 4: Input/output error"):
        next(packed)
    capture = iter(open_capture(cast("BinaryIO", Failing(PCAP)), "f"))
    assert len([next(capture) for _ in range(3)]) == 3
    with pytest.raises(TruncatedCaptureError, match="breaks off before packet 4: Input/output error"):
        next(capture)


class Endless(io.RawIOBase):
    """A capture of many packets, made as it is read."""

    def __init__(self, head: bytes, record: bytes, count: int) -> None:
        """Take a beginning, and a record to be repeated."""
        super().__init__()
        self._head = head
        self._record = record
        self._count = count

    def read(self, size: int = -1) -> bytes:
        """Return as many whole records as fit."""
        head, self._head = self._head, b""
        count = min(self._count, size // len(self._record))
        self._count -= count
        return head + self._record * count


def peak_bytes(head: bytes, record: bytes, count: int) -> int:
    """Read a capture to its end and give how much memory that took at most."""
    tracemalloc.start()
    try:
        read = sum(1 for _frame in open_capture(cast("BinaryIO", Endless(head, record, count)), "f"))
        assert read == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "record"),
    [
        (pcap_header(RAW), pcap([LONG], RAW)[24:]),
        (HEAD, enhanced(LONG, 5)),
        (HEAD, block(0xBAD, bytes(200)) + enhanced(LONG, 5)),
    ],
)
def test_memory_does_not_grow_with_the_capture(head: bytes, record: bytes) -> None:
    """Ten times as many packets of a kilobyte take no more memory: what is read at once, and one packet."""
    assert peak_bytes(head, record, 10_000) <= 1.2 * peak_bytes(head, record, 1_000)


def test_absurd_lengths_take_no_memory() -> None:
    """A record, a packet block or an unknown block that claims 4 GB is not made room for."""
    tracemalloc.start()
    try:
        for data in (
            pcap_header(RAW) + HUGE,
            HEAD + struct.pack("<II", 6, 0xFFFFFFFC),
            HEAD + struct.pack("<II", 0xBAD, 0xFFFFFFFC),
            pcap_header(RAW) + struct.pack("<IIII", 0, 0, MAX_CAPTURED_LEN, 0),
        ):
            assert read_until_fault(data)[1] is not None
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


SEEDS = (
    PCAP,
    PCAPNG,
    pcap([Packet(0, ethernet(), 9)] * 2, EN10MB, ">", nanoseconds=True),
    pcapng([Packet(3, ethernet())] * 2, EN10MB, ">"),
    HEAD + simple(PACKET) + section(">") + interface(RAW, ">") + simple(PACKET, ">") + block(9, b"?", ">"),
    gzip.compress(PCAP, mtime=0),
)
WORDS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\x0c\0\0\0", b"\0\0\0\x0c", b"\x0a\x0d\x0d\x0a")


def mutant(data: bytes, random: Random) -> bytes:
    """Change a few places of a capture: a bit, a word, a piece left out or twice, the end cut off."""
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(data) + 1)
        rest = data[at:]
        match random.randrange(5):
            case 0:
                rest = bytes(byte ^ 1 << random.randrange(8) for byte in rest[:1]) + rest[1:]
            case 1:
                rest = random.choice(WORDS) + rest[4:]
            case 2:
                rest = rest[random.randrange(20) :]
            case 3:
                rest = rest[: random.randrange(64)] + rest
            case _:
                rest = rest[: random.randrange(len(rest) + 1)]
        data = data[:at] + rest
    return data


@pytest.mark.slow
def test_mutants_make_no_exception_but_ours() -> None:
    """Each of 10,000 mutated captures is read or refused with our error, and gives no more than it holds."""
    random = Random(2003)  # noqa: S311 -- the same mutants in every run
    refused = 0
    for number in range(10_000):
        data = mutant(SEEDS[number % len(SEEDS)], random)
        found, error = read_until_fault(data)
        refused += error is not None
        assert len(found) <= 64 * len(data)
    assert 5_000 < refused < 10_000
