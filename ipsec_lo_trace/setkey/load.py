"""Load a configuration from a text, a file or standard input: read the commands and apply each.

Source: sbin/setkey/parse.y of 2003.  What the kernel answered was printed, and setkey(8) went on (setkey.c,
sendkeymsg, whose answer nobody looks at); what its parser did not take ended it.
"""

from __future__ import annotations

import codecs
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.setkey import sa, sp
from ipsec_lo_trace.setkey.commands import Command
from ipsec_lo_trace.setkey.foreign import foreign_fault
from ipsec_lo_trace.setkey.lexer import Stream, lex
from ipsec_lo_trace.setkey.shell import script_fault
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.words import OF_2003, Dialect

_READERS: dict[str, Callable[[Stream, Token], Command]] = {
    "add": sa.add,
    "get": sa.get,
    "delete": sa.delete,
    "deleteall": sa.deleteall,
    "flush": sa.flush,
    "dump": sa.dump,
    "spdadd": sp.spdadd,
    "spdupdate": sp.spdadd,
    "spddelete": sp.spddelete,
    "spddump": sp.spddump,
    "spdflush": sp.spdflush,
}
"""What reads each command; the others end the text."""


def parse(text: str, file: str, dialect: Dialect = OF_2003) -> Iterator[Command]:
    """Yield the commands; UserError at the first thing that setkey(8) would not take.

    Nothing behind a command is looked at before the next one is asked for.
    """
    try:
        yield from _commands(text, file, dialect)
    except UserError as error:
        fault = foreign_fault(text, file, error) or script_fault(text, file, error)
        raise fault or error from None


def _commands(text: str, file: str, dialect: Dialect) -> Iterator[Command]:
    stream = Stream(lex(text, file, dialect), dialect)
    while not stream.ended():
        at = stream.word(dialect.commands, "a command")
        reader = _READERS.get(at.text)
        if reader is None:
            return
        yield reader(stream, at)


MAX_FILE_LEN = 1 << 20
"""How many bytes a configuration may have: 1 MiB."""
STDIN = "standard input"
MOST_TOLD = 3
"""How many of the reasons why nothing is left are told."""


def load(text: str, file: str, *, strict: bool = False) -> Configuration:
    """Read and apply a setkey(8) text; UserError, with ``file`` in its place, at the first mistake.

    What the kernel refuses, and what is not modelled, is left out, and the notes say so; UserError if nothing
    else is there.  With ``strict`` it is a mistake like any other.
    """
    from ipsec_lo_trace.setkey.apply import apply  # noqa: PLC0415 -- it loads the kernel; a host's file has no need

    configuration = Configuration(text)
    left_out: list[UserError] = []
    empty = True
    for command in parse(text, file):
        empty = False
        try:
            configuration.notes += apply(configuration.db, command)
        except UserError as error:
            if strict:
                raise
            left_out.append(error)
            configuration.notes.append(left_out_note(error))
    if empty:
        raise no_command(file)
    if left_out and configuration.db.is_empty:
        raise nothing_left(left_out, file)
    return configuration


def no_command(file: str) -> UserError:
    """Make the error of a text without a command."""
    return UserError("there is no command in it", file=file, hint="such as add or spdadd; see setkey(8)")


def left_out_note(error: UserError) -> str:
    """Make the note that something was left out, and why."""
    return f"{error}: left out"


def nothing_left(left_out: Sequence[UserError], file: str) -> UserError:
    """Make the error of a file whose commands were all left out; it tells why, and a single one by itself."""
    return left_out[0] if len(left_out) == 1 else nothing_usable(left_out, file)


def nothing_usable(left_out: Sequence[UserError], file: str) -> UserError:
    """Make the error of a file, the last of several, of which everything was left out; it tells why."""
    told = "; ".join(f"{_place(error, file)}: {error.reason}" for error in left_out[:MOST_TOLD])
    more = len(left_out) - MOST_TOLD
    told += f"; and {more} more" if more > 0 else ""
    return UserError(f"nothing of it can be used: {told}", file=file)


def _place(error: UserError, file: str) -> str:
    place = f"{error.line}:{error.column}"
    return place if error.file == file else f"{error.file}:{place}"


def read_file(path: str, *, strict: bool = False) -> Configuration:
    """Load a file, or standard input for ``-``; UserError if that cannot be read, or holds a mistake."""
    return load(*read_text(path), strict=strict)


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
    """Make a text of bytes; those that are no UTF-8 are kept, as PEP 383 has it."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UserError("a file in UTF-16", file=file, line=1, column=1, hint="save it as UTF-8")
    return data.decode("utf-8", "surrogateescape")
