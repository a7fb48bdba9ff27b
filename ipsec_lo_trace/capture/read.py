"""Open a capture, whichever format it has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from ipsec_lo_trace.capture.blocks import SHB_MAGIC
from ipsec_lo_trace.capture.choice import Choice
from ipsec_lo_trace.capture.frame import CaptureError, Frame
from ipsec_lo_trace.capture.link import link_name
from ipsec_lo_trace.capture.pcap import MAGIC_LEN, MAGICS, PcapReader
from ipsec_lo_trace.capture.pcapng import PcapngReader
from ipsec_lo_trace.capture.window import Window, chunks_of
from ipsec_lo_trace.model.errors import unreadable

STDIN = "-"
STDIN_NAME = "standard input"
_PACKED = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\xfd7zX": "xz",
    b"BZh9": "bzip2",
    b"PK\3\4": "zip",
}
_HINT = "tcpdump -i lo0 -w FILE writes one; on Linux -i lo"
_TEXT_HINT = "this looks like a text; keys and policies go with -f"


class _Reader(Protocol):
    link_types: dict[int, None]

    def frames(self) -> Iterator[Frame]:
        """Give each packet."""
        ...


class Capture:
    """A capture that is being read; iterating over it gives each packet, once.

    Whoever iterates gets CaptureError behind the last packet that could be read if there should be more:
    TruncatedCaptureError if the capture just ends.  ``choice`` counts the packets of other interfaces, which
    are not given.
    """

    def __init__(self, name: str, kind: str, reader: _Reader, choice: Choice) -> None:
        self.name = name
        self.kind = kind
        self.choice = choice
        self._reader = reader

    @property
    def link_type(self) -> str:
        """Name the link types met so far, as in "EN10MB (1)"; a pcapng file may have several."""
        return ", ".join(map(link_name, self._reader.link_types))

    def __iter__(self) -> Iterator[Frame]:
        """Return each packet."""
        return self._reader.frames()


def open_capture(stream: BinaryIO, name: str, interface: str | None = None) -> Capture:
    """Look at the beginning of a stream and give the capture in it, packed by gzip or not.

    ``interface`` is the one whose packets are given, as Choice has it.

    CaptureError if the stream holds no pcap or pcapng, is empty, or has a link type that is not read.
    """
    packed = Window(chunks_of(stream))
    window = packed.gunzipped()
    if not window.need(MAGIC_LEN) and window.broken:
        raise CaptureError(f"cannot read {name}: {window.broken}", file="")
    magic = window.data[window.at : window.at + MAGIC_LEN]
    choice = Choice(interface)
    if magic in MAGICS:
        return Capture(name, "pcap", PcapReader(window, name, MAGICS[magic], choice), choice)
    if magic == SHB_MAGIC:
        return Capture(name, "pcapng", PcapngReader(window, name, choice), choice)
    hint = _TEXT_HINT if magic and magic.isascii() and magic.decode().isprintable() else _HINT
    raise CaptureError(_no_capture(magic, packed=window is not packed), file=name, hint=hint)


def _no_capture(magic: bytes, *, packed: bool) -> str:
    if not magic:
        return "there is nothing in the gzip data" if packed else "it is empty"
    where = "what is in the gzip data is" if packed else "it is"
    if magic in _PACKED:
        return f"{where} packed by {_PACKED[magic]}, which is not read"
    return f"{where} neither pcap nor pcapng: it begins with {magic.hex(' ')}"


@contextmanager
def opened(path: str, interface: str | None = None) -> Iterator[Capture]:
    """Open a capture file, ``-`` for standard input; UserError if it cannot be read or is no capture.

    ``interface`` is the one whose packets are given, as Choice has it.
    """
    name = STDIN_NAME if path == STDIN else path
    if path == STDIN:
        stdin: BinaryIO | None = getattr(sys.stdin, "buffer", None)
        if stdin is None:
            raise unreadable(name, "it is closed")
        yield open_capture(stdin, name, interface)
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 -- closed below
    except (OSError, ValueError) as error:
        raise unreadable(name, error) from None
    with stream:
        yield open_capture(stream, name, interface)
