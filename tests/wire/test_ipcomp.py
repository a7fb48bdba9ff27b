"""Is IPComp's deflate what RFC 1951 says, and does it refuse what the kernel refused?"""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipsec_lo_trace.wire import build, ipcomp
from ipsec_lo_trace.wire.esp import derive_bytes

STORED = bytes.fromhex("01 0300 fcff") + b"abc"
"""RFC 1951 section 3.2.4: a last block, stored: its length, the length's complement, the bytes."""
FIXED = bytes.fromhex("4b 4c 4a 06 00")
"""RFC 1951 section 3.2.6: "abc" in a last block with the fixed codes."""


def unpacked(data: bytes, wbits: int, step: int = 0) -> bytes:
    """Decompress with Python's zlib, at most ``step`` bytes at a time."""
    unpacker = zlib.decompressobj(wbits)
    plain = unpacker.decompress(data, step)
    while unpacker.unconsumed_tail:
        plain += unpacker.decompress(unpacker.unconsumed_tail, step)
    return plain


def test_a_header_is_next_header_flags_and_cpi() -> None:
    """RFC 3173 section 3.3: one byte, one byte of zeros, sixteen bits in network order."""
    assert build.ipcomp_header(1, 0x1002) == bytes((1, 0, 0x10, 0x02))
    assert ipcomp.read(b"\xff" + build.ipcomp_header(4, 2), 1) == ipcomp.IpcompHeader(4, 0, 2)


@given(st.binary(max_size=2000))
def test_python_s_inflate_reads_what_is_deflated(data: bytes) -> None:
    """The bits are raw deflate: zlib without its header gives the data back."""
    assert unpacked(ipcomp.deflate(data), -15) == data


@given(st.binary(min_size=1, max_size=2000))
def test_inflate_undoes_deflate(data: bytes) -> None:
    """What was compressed comes back, unless it shrank to less than a twelfth."""
    packed = ipcomp.deflate(data)
    grown = len(data) >= ipcomp.GROWTH_MAX * len(packed)
    assert ipcomp.inflate(packed) == (None if grown else data)


@pytest.mark.parametrize("packed", [STORED, FIXED])
def test_blocks_made_by_hand_are_read(packed: bytes) -> None:
    """A stored block and one with fixed codes, as RFC 1951 describes them, are read."""
    assert ipcomp.inflate(packed) == b"abc"


def test_the_same_data_gives_the_same_bits() -> None:
    """Nothing but the data decides the bits."""
    assert ipcomp.deflate(b"payload") == ipcomp.deflate(b"payload")


def test_the_stream_does_not_say_that_it_ends() -> None:
    """The kernel flushes and does not finish: a reader never sees the end of the stream."""
    unpacker = zlib.decompressobj(-15)
    assert unpacker.decompress(ipcomp.deflate(b"payload")) == b"payload"
    assert not unpacker.eof


def test_the_window_is_4_kib() -> None:
    """A repetition from more than 4096 bytes back is not referred to, so a reader needs no wider window."""
    block = derive_bytes(0, 1, 1, 1000)
    data = block + derive_bytes(0, 2, 1, 6000) + block
    assert unpacked(ipcomp.deflate(data), -12, step=64) == data
    assert len(ipcomp.deflate(data)) >= len(data)


def test_a_wider_window_of_the_peer_is_read() -> None:
    """What a peer compressed with 32 KiB is taken as well."""
    block = derive_bytes(0, 1, 1, 1000)
    data = block + derive_bytes(0, 2, 1, 6000) + block
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    assert len(packed) < len(data)
    assert ipcomp.inflate(packed) == data


@pytest.mark.parametrize(
    "data",
    [b"", b"\x08\0\x12\x34ICMP", STORED + b"x", STORED[:-3], b"\x07"],
    ids=["nothing", "not-compressed", "bytes-behind-the-end", "no-output", "no-such-block"],
)
def test_what_is_no_deflate_stream_is_refused(data: bytes) -> None:
    """Garbage, a stream with a tail, and one that gives nothing are refused."""
    assert ipcomp.inflate(data) is None


def test_a_stream_that_stops_is_taken_as_far_as_it_goes() -> None:
    """The kernel does not ask whether the stream ended."""
    assert ipcomp.inflate(STORED[:-1]) == b"ab"


def test_too_much_growth_is_refused() -> None:
    """The kernel's buffers hold twelve times the input; a thousand equal bytes need more."""
    packed = ipcomp.deflate(bytes(1000))
    assert ipcomp.GROWTH_MAX * len(packed) < 1000
    assert ipcomp.inflate(packed) is None
