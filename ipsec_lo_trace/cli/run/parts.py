"""A whole that several processes share: which share is meant, and whether the parts belong together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import click
import msgspec

from ipsec_lo_trace.cli.files import descriptor
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, taken
from ipsec_lo_trace.model.pieces import Shard

MAX_PART_LEN = 1 << 26
"""How many bytes a part may have: 64 MiB, a hundred times what a full one has."""
MAX_SHARES = 9999
_SHARE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
NO_SAY = "has no say in a part, which is "
"""Why an option about the output is refused with --shard."""
SAID_BEFORE = "is said where the parts are made"
"""Why an option about the work is refused with --merge."""


class Part(Protocol):
    """What a process wrote about its share."""

    @property
    def shard(self) -> int:
        """Which share it is, from 1."""
        ...

    @property
    def shards(self) -> int:
        """How many shares there are."""
        ...


P = TypeVar("P", bound=Part)


class Whole(msgspec.Struct, Generic[P], frozen=True, kw_only=True):
    """What a command's parts belong to, and how to read one.

    ``what`` it is, ``same`` says what has to be the same for all parts, and ``common`` gives that of a part.
    ``read`` makes a part of a file's bytes, or raises MisreadError; ``fault`` says what no part has, "" for
    none.
    """

    command: str
    what: str
    same: str
    read: Callable[[bytes], P]
    fault: Callable[[P], str]
    common: Callable[[P], object]


def share_named(text: str | None, what: str) -> Shard | None:
    """Read a share of ``what``, as in 1/4; click.UsageError if it is none."""
    if text is None:
        return None
    found = _SHARE.fullmatch(text)
    if found is None or int(found[1]) > int(found[2]):
        raise click.UsageError(
            f"--shard {text!a} is no share of a {what}, such as 1/4, of {MAX_SHARES} at most"
        )
    return Shard(int(found[1]), int(found[2]))


def check_merge(files: Sequence[str], *, merge: bool) -> None:
    """Refuse files without --merge, and --merge without files; click.UsageError says so."""
    if files and not merge:
        raise click.UsageError(f"{files[0]} is one argument too many: files are for --merge")
    if merge and not files:
        raise click.UsageError("--merge wants the files that --shard wrote")
    check_files(files)


def check_files(files: Sequence[str]) -> None:
    """Refuse a part on standard input; click.UsageError says so."""
    if "-" in files:
        raise click.UsageError("--merge reads files, not standard input")


def read_parts(paths: Sequence[str], whole: Whole[P]) -> list[P]:
    """Read all parts of one whole, in any order, and give them in order.

    UserError for what is no part, or is of another whole, and unless each share is there once.
    """
    parts = [_read_part(path, whole) for path in paths]
    first = parts[0]
    for path, other in zip(paths, parts, strict=True):
        if (other.shards, whole.common(other)) != (first.shards, whole.common(first)):
            what = whole.what.partition(" ")[2]
            reason = f"not of the same {what} as {paths[0]}: {whole.same} and N must be the same"
            raise UserError(reason, file=path)
    _check_numbers([part.shard for part in parts], first.shards)
    return sorted(parts, key=lambda part: part.shard)


def _check_numbers(numbers: list[int], shards: int) -> None:
    hint = f"each of 1/{shards} to {shards}/{shards} once"
    times = Counter(numbers)
    if twice := next((number for number in numbers if times[number] > 1), 0):
        raise UserError(f"part {twice}/{shards} stands there twice", hint=hint)
    if missing := next((number for number in range(1, shards + 1) if number not in times), 0):
        raise UserError(f"part {missing}/{shards} is missing", hint=hint)


def _read_part(path: str, whole: Whole[P]) -> P:
    try:
        part = whole.read(part_bytes(path))
    except MisreadError as error:
        raise _none(path, whole, str(error)) from None
    if not 1 <= part.shard <= part.shards <= MAX_SHARES:
        raise UserError(f"part {part.shard}/{part.shards}: there is no such one", file=path)
    if fault := whole.fault(part):
        raise _none(path, whole, fault)
    return part


def _none(path: str, whole: Whole[P], why: str) -> UserError:
    hint = f"{whole.command} --shard I/N -o FILE writes one"
    return UserError(f"no part of {whole.what}: {why}", file=path, hint=hint)


def kept(file: str, limit: int) -> bytes | None:
    """Read what --resume keeps; None if there is nothing yet, UserError if it could not be replaced."""
    path = Path(file)
    try:
        stream = path.is_fifo() or path.is_char_device() or path.is_socket()
        if file == "-" or descriptor(file) is not None or stream:
            raise UserError("it is no regular file, and --resume replaces one", file=file)
        with path.open("rb") as opened:
            return taken(opened, limit, file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None


def part_bytes(path: str) -> bytes:
    """Read a part; UserError if it cannot be read or is too large."""
    try:
        with Path(path).open("rb") as opened:
            return taken(opened, MAX_PART_LEN, path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
