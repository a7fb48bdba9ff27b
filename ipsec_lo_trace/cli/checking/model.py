"""A check, whichever kind of file it came from, and what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec


class Expected(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The expected result of a run; None where the check says nothing about it.

    ``errno`` is "" where sendto shall not fail.  ``lo0`` has one word for each crossing, crossing_text's.
    A counter that shall not move has the value 0; with ``counters_only`` the others shall not move either.
    """

    outcome: str | None = None
    code: str | None = None
    ping: str | None = None
    errno: str | None = None
    lo0: list[str] | None = None
    counters: dict[str, int] | None = None
    counters_only: bool = False


class Minimal(msgspec.Struct, frozen=True, kw_only=True):
    """The minimal trace that shall come out, and where it stands.

    ``line`` is where its first line is in ``file``.  ``path`` is the file that --update rewrites, None for a
    text inside a TOML file; ``head`` is what comes before the trace there and is kept.
    """

    lines: list[str]
    file: str
    line: int
    path: Path | None = None
    head: str = ""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What to run and what to expect.

    ``file`` is the check file as the user calls it, ``places`` the line and column of each key in it ("" is
    the check's own, a setup's are "setup.KEY"; column 0 where it does not matter).  ``run`` is a command
    line, or the keys of a setup; the paths in it start at ``folder``.
    """

    file: str
    name: str
    run: str | dict[str, Any]
    folder: Path
    expected: Expected
    minimal: Minimal | None
    places: dict[str, tuple[int, int]]

    def line(self, key: str, instead: str = "") -> int:
        """Give the line of a key, or of what it is inside of; 0 if that is not known."""
        return self.place(key, instead)[0]

    def place(self, key: str, instead: str = "") -> tuple[int, int]:
        """Return line and column of a key, or of what it is inside of; 0 where that is not known."""
        return self.places.get(key) or self.places.get(instead) or self.places.get("", (0, 0))


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """An expectation that was not met: where it stands, and the row of the trace that shows it."""

    what: str
    expected: str
    got: str
    file: str
    line: int
    row: int
    event: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a check: no ``mismatches`` if it passed.

    ``minimal`` is the trace that came out; ``rerun`` is a command line that makes it again.
    """

    check: Check
    mismatches: list[Mismatch]
    minimal: list[str]
    rerun: str
