"""Where output goes: an open descriptor as it comes, or a file that is written whole or not at all.

Messages go to standard error, a line each.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TextIO

from ipsec_lo_trace.model.errors import UserError, unwritable

PROGRAM = "ipsec-lo-trace"
STDOUT = "-"


def complain(message: str) -> None:
    """Say ``message`` in one line on standard error, if there is one; what cannot be printed is escaped.

    A terminal gets as many lines as its width asks for.
    """
    stderr: TextIO | None = getattr(sys, "stderr", None)
    if stderr is None:
        return
    line = "".join(character if character.isprintable() else _escaped(character) for character in message)
    encoding = stderr.encoding or "ascii"
    line = f"{PROGRAM}: {line}".encode(encoding, "backslashreplace").decode(encoding)
    # Where a message cannot be told, the exit code still is.
    with suppress(OSError):
        stderr.write(f"{_wrapped(line, stderr) if stderr.isatty() else line}\n")
        stderr.flush()


DEFAULT_COLUMNS = 80
MIN_COLUMNS = 20
"""How narrow a text may be."""
MAX_COLUMNS = 1 << 16
"""As many as a terminal can have: rules are drawn as long as the width is."""


def _wrapped(line: str, terminal: TextIO) -> str:
    """Break a line between words where the terminal ends; what follows is indented."""
    from textwrap import TextWrapper  # noqa: PLC0415 -- for a terminal alone

    wrapper = TextWrapper(
        columns(os.environ, terminal), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )
    return wrapper.fill(line)


def columns(environment: Mapping[str, str], terminal: TextIO | None) -> int:
    """Return the width in columns, within limits: COLUMNS, else the terminal's, if there is one, else 80."""
    wish = environment.get("COLUMNS", "")
    if re.fullmatch(r"[1-9][0-9]{0,8}", wish):
        return min(max(int(wish), MIN_COLUMNS), MAX_COLUMNS)
    with suppress(OSError, ValueError):
        if terminal is not None:
            return max(os.get_terminal_size(terminal.fileno()).columns or DEFAULT_COLUMNS, MIN_COLUMNS)
    return DEFAULT_COLUMNS


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def flush_stdout() -> None:
    """Write what standard output still holds; nothing to do if it is closed."""
    stdout: TextIO | None = getattr(sys, "stdout", None)
    if stdout is not None:
        stdout.flush()


def refuse_own_input(path: str, *inputs: str | None) -> None:
    """Refuse to write where one of these inputs is read from; UserError names it."""
    for given in inputs:
        if path != STDOUT and given not in (None, "", STDOUT) and _same_file(path, given):
            raise UserError("-o names a file that is read, and would replace it", file=path)


def _same_file(path: str, other: str) -> bool:
    with suppress(OSError):
        return Path(path).samefile(other)
    return False


MAX_LINKS = 40
"""How many symbolic links are followed in a row, as many as Linux follows."""
STDOUT_NUMBER = 1
_DESCRIPTORS = re.compile(r"/dev/fd|/proc/([0-9]+)/(?:task/[0-9]+/)?fd")
_DESCRIPTOR = re.compile(r"[0-9]{1,9}")


def descriptor(path: str) -> int | str | None:
    """Return the open descriptor that a path names, as /dev/stdout does, or a link to it; None for a file.

    That of another process is its path under /proc.  What is open there may well be a regular file: the name
    stands for the descriptor all the same.
    """
    with suppress(OSError, ValueError):
        for _link in range(MAX_LINKS):
            folder, name = os.path.split(path)
            folder = os.path.realpath(folder)
            path = f"{folder}/{name}"
            found = _DESCRIPTORS.fullmatch(folder) if _DESCRIPTOR.fullmatch(name) else None
            if found:
                return int(name) if found[1] in (None, str(os.getpid())) else path
            path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118 -- a Path would lose a last "."
    return None


_NEW, _PRIVATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600
"""How a temporary file is opened: there was none of its name, and it is for its owner alone."""


@contextmanager
def output(path: str, *, secret: bool = False) -> Iterator[IO[bytes]]:
    """Open ``path`` for bytes ("-" is standard output).

    The name of an open descriptor, and what is no regular file, is written to as it comes.  A file appears
    under its name only when everything was written; until then its bytes are in a temporary file beside it,
    which an error removes.  A ``secret`` one is for its owner alone.  UserError if it cannot be written.
    """
    opened = STDOUT_NUMBER if path == STDOUT else descriptor(path)
    if opened == STDOUT_NUMBER:
        yield from _to_stdout()
    elif opened is not None:
        yield from _in_place(opened, path)
    elif not path or Path(path).is_dir():
        raise unwritable(path, "it is a directory") if path else UserError("-o needs a file's name")
    elif os.path.exists(path) and not Path(path).is_file():  # noqa: PTH110 -- Path.exists raises for long names
        yield from _in_place(path, path)
    else:
        # What a symbolic link leads to is replaced, the link stays.
        yield from _replaced(Path(os.path.realpath(path)), secret=secret)


def _replaced(target: Path, *, secret: bool) -> Iterator[IO[bytes]]:
    """Write beside a file, and put what was written in its place.

    The name is known before there is a file: a signal may come before its creation has returned.
    """
    temporary = target.with_name(f".{PROGRAM}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(temporary, _NEW, _PRIVATE), "wb") as out:
            yield out
        if not secret:
            _give_usual_mode(temporary, target)
        temporary.replace(target)
    except OSError as error:
        _discard(temporary)
        if isinstance(error, BrokenPipeError):
            raise
        raise _cannot_write(target, error) from None
    except BaseException:
        _discard(temporary)
        raise


def _to_stdout() -> Iterator[IO[bytes]]:
    """Write to standard output, and name it if that fails."""
    if getattr(sys, "stdout", None) is None:
        raise unwritable("standard output", "it is closed")
    try:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise _cannot_write("standard output", error) from None


def _in_place(opened: str | int, name: str) -> Iterator[IO[bytes]]:
    """Write to what cannot be replaced: an open descriptor, or something like /dev/null or a fifo."""
    try:
        with os.fdopen(os.dup(opened), "wb") if isinstance(opened, int) else Path(opened).open("ab") as out:
            yield out
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        raise _cannot_write(name, error) from None


def _give_usual_mode(temporary: Path, target: Path) -> None:
    """Give the file the mode that it had, or that a new file gets."""
    if target.exists():
        mode = target.stat().st_mode & 0o7777
    else:
        mask = os.umask(0)
        os.umask(mask)
        mode = 0o666 & ~mask
    temporary.chmod(mode)


def _discard(temporary: Path) -> None:
    with suppress(OSError):
        temporary.unlink()


def _cannot_write(target: Path | str, error: OSError) -> UserError:
    return unwritable(str(target), error)
