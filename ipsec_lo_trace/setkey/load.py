"""Load a configuration from a text, a file or standard input: read the commands and apply each.

Source: sbin/setkey/parse.y of 2003.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.setkey import sa, sp
from ipsec_lo_trace.setkey.apply import apply
from ipsec_lo_trace.setkey.commands import Command
from ipsec_lo_trace.setkey.lexer import Stream, lex
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.words import COMMANDS

_READERS: dict[str, Callable[[Stream, Token], Command]] = {
    "add": sa.add,
    "get": sa.get,
    "delete": sa.delete,
    "deleteall": sa.deleteall,
    "flush": sa.flush,
    "dump": sa.dump,
    "spdadd": sp.spdadd,
    "spddelete": sp.spddelete,
    "spddump": sp.spddump,
    "spdflush": sp.spdflush,
}


def parse(text: str, file: str) -> Iterator[Command]:
    """Yield the commands; UserError at the first thing that setkey(8) would not take.

    Nothing behind a command is looked at before the next one is asked for.
    """
    stream = Stream(lex(text, file))
    while not stream.ended():
        at = stream.word(COMMANDS, "a command")
        yield _READERS[at.text](stream, at)


MAX_FILE_LEN = 1 << 20
"""How many bytes a configuration may have: 1 MiB."""
STDIN = "standard input"


def load(text: str, file: str) -> Configuration:
    """Read and apply a setkey(8) text; UserError, with ``file`` in its place, at the first mistake.

    The first mistake in the text is the one that is told, be it of syntax or refused by the kernel.
    """
    _check_no_nul(text, file)
    configuration = Configuration(text)
    empty = True
    for command in parse(text, file):
        empty = False
        configuration.notes += apply(configuration.db, command)
    if empty:
        raise UserError("there is no command in it", file=file, hint="such as add or spdadd; see setkey(8)")
    return configuration


def read_file(path: str) -> Configuration:
    """Load a file, or standard input for ``-``; UserError if that cannot be read, or holds a mistake."""
    return load(*read_text(path))


def read_text(path: str) -> tuple[str, str]:
    """Read a configuration's text and name the file for messages; UserError if it cannot be read.

    ``-`` stands for standard input.
    """
    file = STDIN if path == "-" else path
    try:
        data = _read(path)
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    if len(data) > MAX_FILE_LEN:
        raise UserError(f"larger than {MAX_FILE_LEN} bytes, so it is not read", file=file)
    return _decoded(data, file), file


def _read(path: str) -> bytes:
    if path == "-":
        stdin: BinaryIO | None = getattr(sys.stdin, "buffer", None)
        if stdin is None:
            raise ValueError("there is none")
        return stdin.read(MAX_FILE_LEN + 1)
    with Path(path).open("rb") as opened:
        return opened.read(MAX_FILE_LEN + 1)


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode())
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise UserError(
            reason, file=file, line=line, column=column, hint="write a key with such bytes as 0x..."
        ) from None


def _check_no_nul(text: str, file: str) -> None:
    if "\0" in text:
        line, column = _place(text[: text.index("\0")])
        raise UserError("a NUL byte: this is not a text", file=file, line=line, column=column)


def _place(before: str) -> tuple[int, int]:
    """Return line and column of what comes behind a text."""
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
