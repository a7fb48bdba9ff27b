"""What a file is that was given as a trace: JSON Lines, one JSON document, or something else with a name."""

from __future__ import annotations

import re
import tempfile
from typing import IO

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.outside import MisreadError, decoded
from ipsec_lo_trace.model.trace import Run, Step, Verdict
from ipsec_lo_trace.render.store import IN_MEMORY_BYTES

_CAPTURES = (
    b"\xd4\xc3\xb2\xa1",
    b"\xa1\xb2\xc3\xd4",
    b"\x4d\x3c\xb2\xa1",
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",
)
"""How a pcap file (microseconds or nanoseconds, either byte order) and a pcapng file begin."""
_TEXT = re.compile(rb"(?:ping|probe \S+|replay \S+) \S.* over |kernel +netbsd|VERDICT |ipsec-lo-trace: ")
"""How the text of a run begins, in any detail."""
_DOCUMENT = re.compile(rb'\s*\{\s*"run"\s*:')
LOOKED_AT = 4096


class Document(msgspec.Struct):
    """A trace as one JSON document."""

    run: Run
    steps: list[Step]
    verdict: Verdict


_DOCUMENTS = msgspec.json.Decoder(Document)


def as_json_lines(opened: IO[bytes], name: str) -> IO[bytes]:
    """Return the trace as JSON Lines: the file itself, or what a document holds.

    UserError for a capture or the text of a run, with what to do, and for a document that is no trace.
    """
    begun = opened.read(LOOKED_AT)
    opened.seek(0)
    if begun.startswith(_CAPTURES):
        raise UserError("a capture, and no trace", file=name, hint=f"ipsec-lo-trace audit {name}, or replay")
    if _TEXT.match(begun):
        hint = "store the trace with -o FILE.jsonl, or compare two runs at once: ipsec-lo-trace diff"
        raise UserError("this is what ping prints, and no trace", file=name, hint=hint)
    return _lines_of(opened, name) if _DOCUMENT.match(begun) else opened


def _lines_of(opened: IO[bytes], name: str) -> IO[bytes]:
    with opened:
        try:
            document = decoded(_DOCUMENTS.decode, opened.read())
        except MisreadError as error:
            raise UserError(f"no trace as one JSON document: {error}", file=name) from None
    lines = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed by the reader
    encoder = msgspec.json.Encoder()
    for record in (document.run, *document.steps, document.verdict):
        lines.write(encoder.encode(record) + b"\n")
    lines.seek(0)
    return lines
