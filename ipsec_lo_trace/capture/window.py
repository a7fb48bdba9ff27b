"""The piece of a byte stream that is being looked at, moved along as it is read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

CHUNK_LEN = 1 << 18
"""How many bytes are read at once, at most."""
FIRST_PIECE_LEN = 256
"""How much of a gzip member is given to zlib at first; what it does not want is copied back."""
_GZIP = zlib.MAX_WBITS | 16
_GZIP_MAGIC = b"\x1f\x8b"
_DAMAGED = "the gzip data is damaged"


class BrokenSourceError(Exception):
    """A stream that cannot be read on; the message says why."""


class Window:
    """Bytes of a stream: ``data`` from ``at`` on are those not yet read.

    A stream that breaks off counts as one that ends; ``broken`` then says why.
    """

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.data = b""
        self.at = 0
        self.broken = ""
        self._chunks = chunks
        self._before = 0

    @property
    def offset(self) -> int:
        """Where in the stream, in bytes, ``at`` is."""
        return self._before + self.at

    @property
    def left(self) -> int:
        """How many bytes from ``at`` on are at hand."""
        return len(self.data) - self.at

    def need(self, length: int) -> bool:
        """Have so many bytes from ``at`` on; False if the stream ends before."""
        if len(self.data) - self.at >= length:
            return True
        parts = [self.data[self.at :]]
        have = len(parts[0])
        while have < length and (chunk := self._next()):
            parts.append(chunk)
            have += len(chunk)
        self._before += self.at
        self.data, self.at = b"".join(parts), 0
        return have >= length

    def skip(self, length: int) -> None:
        """Pass over so many bytes, or what there is of them, without keeping them."""
        while length > self.left:
            length -= self.left
            self._before += len(self.data)
            self.data, self.at = self._next(), 0
            if not self.data:
                return
        self.at += length

    def gunzipped(self) -> Window:
        """Return a window on what is packed in this stream, or this one if it is not gzip."""
        if not self.need(len(_GZIP_MAGIC)) or not self.data.startswith(_GZIP_MAGIC, self.at):
            return self
        return Window(self._unpacked())

    def _next(self) -> bytes:
        try:
            return next(self._chunks, b"")
        except BrokenSourceError as error:
            self.broken = str(error)
            return b""

    def _unpacked(self) -> Iterator[bytes]:
        """Unpack one gzip member after the other (RFC 1952, section 2.2)."""
        while self.need(1) and self.data[self.at]:
            yield from self._member()
        # Tapes and disks fill a file's end up with zeros; gzip passes over them too.
        while self.need(1):
            if self.data[self.at :].strip(b"\0"):
                raise BrokenSourceError(_DAMAGED)
            self.at = len(self.data)
        if self.broken:
            raise BrokenSourceError(self.broken)

    def _member(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(_GZIP)
        piece_len = FIRST_PIECE_LEN
        while not unpacker.eof:
            if not self.need(1):
                raise BrokenSourceError(self.broken or "the gzip data ends in its middle")
            before = unpacker.copy()
            piece = self.data[self.at : self.at + piece_len]
            try:
                chunk = unpacker.decompress(piece, CHUNK_LEN)
            except zlib.error:
                yield from _salvaged(before, piece)
                raise BrokenSourceError(_DAMAGED) from None
            self.at += len(piece) - len(unpacker.unconsumed_tail or unpacker.unused_data)
            piece_len = min(piece_len * 2, CHUNK_LEN)
            if chunk:
                yield chunk


def _salvaged(unpacker: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Unpack byte by byte what stands before a fault, which zlib keeps to itself."""
    with suppress(zlib.error):
        for at in range(len(data)):
            chunk = unpacker.decompress(data[at : at + 1])
            if chunk:
                yield chunk


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Read a stream to its end, taking what is there without waiting for more."""
    read = getattr(stream, "read1", stream.read)
    while True:
        try:
            chunk = read(CHUNK_LEN)
        except (OSError, ValueError) as error:
            raise BrokenSourceError(getattr(error, "strerror", None) or str(error)) from None
        if not chunk:
            return
        yield chunk
