"""What crossed lo0, kept in bounded memory: a long run's list goes to a temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from os import SEEK_END

import msgspec

from ipsec_lo_trace.model.trace import Crossing, Step

IN_MEMORY_BYTES = 1 << 20
BUFFER_BYTES = 1 << 16
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Crossing)


class Crossings:
    """The packets that crossed lo0, in order, as JSON lines."""

    def __init__(self) -> None:
        """Start empty."""
        self._buffer = bytearray()
        self._spool = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed with the run

    def add(self, step: Step) -> None:
        """Note the packet of a looutput row."""
        wire = step.wire
        crossing = Crossing(
            echo=step.echo,
            packet=step.packet,
            row=step.row,
            proto=wire.proto,
            spi=wire.spi,
            seq=wire.seq,
            src=wire.src,
            dst=wire.dst,
            len=wire.len,
        )
        _ENCODER.encode_into(crossing, self._buffer, -1)
        self._buffer += b"\n"
        if len(self._buffer) > BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._spool.write(self._buffer)
        self._buffer.clear()

    def lines(self) -> Iterator[bytes]:
        """Yield each crossing's JSON, without its newline."""
        self._spool.seek(0, SEEK_END)
        self._flush()
        self._spool.seek(0)
        for line in self._spool:
            yield line.rstrip(b"\n")

    def __iter__(self) -> Iterator[Crossing]:
        return (_DECODER.decode(line) for line in self.lines())

    def close(self) -> None:
        """Give the memory or the temporary file back."""
        self._spool.close()
