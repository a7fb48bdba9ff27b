"""Fuzz the reader of captures."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from tests.fuzz.engine import fuzz, instrumented

with instrumented():
    from ipsec_lo_trace.capture.frame import CaptureError, Frame
    from ipsec_lo_trace.capture.read import open_capture
    from tests.capture.support import (
        EN10MB,
        IPV4_PACKET,
        RAW,
        Packet,
        Trickle,
        block,
        enhanced,
        ethernet,
        interface,
        null,
        obsolete,
        option,
        pcap,
        pcapng,
        section,
        simple,
    )

LINUX = Path(__file__).parents[1] / "data" / "linux"
COOKED = Path(__file__).parents[1] / "data" / "linux2"
PIECE_LEN = 7


def check(data: bytes) -> None:
    """Read a capture at once and in small pieces: the same packets, the same error, and no other error."""
    whole = _read(cast("BinaryIO", io.BytesIO(data)))
    pieces = _read(cast("BinaryIO", Trickle(data, PIECE_LEN)))
    assert whole == pieces, "the size of the pieces shows"


def _read(stream: BinaryIO) -> tuple[list[Frame], str]:
    given: list[Frame] = []
    try:
        for frame in open_capture(stream, "f"):
            given.append(frame)  # noqa: PERF402 -- what was given before an error counts
    except CaptureError as error:
        return given, str(error)
    return given, ""


def seeds() -> Iterator[bytes]:
    """Yield captures of every kind."""
    packet = Packet(1_500_000_003, IPV4_PACKET, 5)
    for path in sorted([*LINUX.glob("*.pcap"), *COOKED.glob("*.pcap")]):
        yield path.read_bytes()
        yield gzip.compress(path.read_bytes(), mtime=0)
    for order in "<>":
        yield pcap([packet, packet], RAW, order, nanoseconds=True)
        yield pcapng([Packet(1, null(order=order)), Packet(2, null(family=24))], 0, order)
        described = interface(EN10MB, order, options=option(9, b"\x83", order) + option(14, bytes(8), order))
        tagged = Packet(0, ethernet(kind=b"\x81\x00\x00\x05\x08\x00"))
        yield section(order) + described + enhanced(tagged, 7, order=order) + obsolete(tagged, 8, order=order)
        yield section(order) + interface(RAW, order) + block(9, b"what?", order) + simple(packet, order)
        air = interface(105, order, options=option(2, b"wlan0", order))
        yield (
            section(order)
            + air
            + interface(RAW, order)
            + simple(packet, order)
            + enhanced(packet, 1, 1, order)
        )


if __name__ == "__main__":
    fuzz(check, seeds())
