"""A student's progress, in a file of the user's choosing."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ipsec_lo_trace.cli.files import STDOUT, output
from ipsec_lo_trace.lessons.lesson import HINTS, lesson_names
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, decoded, taken

SCHEMA = "ipsec-lo-trace-progress/1"
MAX_BYTES = 1 << 16


class Attempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a lesson: how often it was answered, with how many hints, and whether once right."""

    answers: int
    hints: int
    solved: bool


class Progress(msgspec.Struct, forbid_unknown_fields=True):
    """Attempts by the names of their lessons."""

    schema: str = SCHEMA
    lessons: dict[str, Attempt] = msgspec.field(default_factory=dict)

    def add(self, name: str, *, hints: int, right: bool) -> None:
        """Count an answer; what was solved stays solved."""
        before = self.lessons.get(name, Attempt(0, 0, solved=False))
        hints = max(before.hints, hints)
        self.lessons[name] = Attempt(before.answers + 1, hints, solved=before.solved or right)


def read_progress(file: str) -> Progress:
    """Read a progress file, new if there is none or it is empty; UserError if it is broken."""
    if file == STDOUT:
        raise UserError("--progress -: progress is kept in a file, not in a stream")
    try:
        with Path(file).open("rb") as opened:
            data = taken(opened, MAX_BYTES, file)
    except FileNotFoundError:
        return Progress()
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    return _valid(data, file) if data else Progress()


def _valid(data: bytes, file: str) -> Progress:
    try:
        progress = decoded(msgspec.json.Decoder(Progress).decode, data)
    except MisreadError as error:
        place = re.search(r" \(byte (\d+)\)", str(error))
        before = data[: int(place[1])] if place else b""
        line, column = (before.count(b"\n") + 1, len(before) - before.rfind(b"\n")) if place else (0, 0)
        reason = str(error).replace(place[0] if place else "", "")
        raise UserError(f"no progress file: {reason}", file=file, line=line, column=column) from None
    if progress.schema != SCHEMA:
        raise UserError(f"schema {progress.schema!a}, and this reads {SCHEMA!a}", file=file)
    for name, attempt in progress.lessons.items():
        if name not in lesson_names():
            hint = f"the lessons are {', '.join(lesson_names())}"
            raise UserError(f"there is no lesson {name!a}", file=file, hint=hint)
        if attempt.answers < 1 or not 0 <= attempt.hints <= HINTS:
            raise UserError(f"lesson {name}: no such number of answers or hints", file=file)
    return progress


def write_progress(progress: Progress, file: str) -> None:
    """Write a progress file, whole or not at all; UserError if it cannot be written."""
    with output(file) as out:
        out.write(msgspec.json.format(msgspec.json.encode(progress), indent=2) + b"\n")
