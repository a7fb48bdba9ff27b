"""Open stored traces, and write what is made of them whole or not at all.

Reading a trace needs neither scapy nor cryptography.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ipsec_lo_trace.cli.output import output
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.store import BUFFER_BYTES, IN_MEMORY_BYTES, StoredTrace

STDIN = "-"
STDIN_NAME = "standard input"


@contextmanager
def opened(path: str) -> Iterator[StoredTrace]:
    """Open a stored trace, ``-`` for standard input; UserError if it cannot be read or is no trace."""
    with seekable(path) as lines:
        yield StoredTrace(lines, STDIN_NAME if path == STDIN else path)


@contextmanager
def seekable(path: str) -> Iterator[IO[bytes]]:
    """Open a file so that it can be read more than once; UserError if it cannot be read.

    What can be read only once (a pipe) is copied first.
    """
    try:
        lines = _lines(path)
    except (OSError, ValueError) as error:
        name = STDIN_NAME if path == STDIN else path
        raise UserError(f"cannot read it: {getattr(error, 'strerror', None) or error}", file=name) from None
    with lines:
        yield lines


def _lines(path: str) -> IO[bytes]:
    if path == STDIN:
        if getattr(sys.stdin, "buffer", None) is None:
            raise ValueError("it is closed")
        return _copied(sys.stdin.buffer)
    lines = Path(path).open("rb")  # noqa: SIM115 -- closed by seekable()
    if lines.seekable():
        return lines
    with lines:
        return _copied(lines)


def _copied(source: IO[bytes]) -> IO[bytes]:
    copy = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed by seekable()
    try:
        shutil.copyfileobj(source, copy, BUFFER_BYTES)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy


@contextmanager
def whole_output(path: str) -> Iterator[IO[bytes]]:
    """Gather what is written and put it out at the end: a fault in a trace's middle leaves no half a text."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as gathered:
        yield gathered
        gathered.seek(0)
        with output(path) as out:
            shutil.copyfileobj(gathered, out, BUFFER_BYTES)
