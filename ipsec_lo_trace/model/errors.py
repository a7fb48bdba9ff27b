"""Errors, split by who is to blame: the user's input, or us.

What a modelled kernel does to a packet (a drop, a panic, a loop) is never an exception: it is data in the
trace.
"""

from __future__ import annotations

from collections.abc import Mapping


class UserError(Exception):
    """Bad input, told in one message; the command line exits 2.

    ``line`` and ``column`` count from 1; 0 means that the input has no such place.  ``token`` is the
    offending text, ``hint`` says what would be right.  ``field`` is what was set wrong, by its name in
    ``Setup``; {other} in the words stands for ``other``, a field that has to do with it.
    """

    def __init__(  # noqa: PLR0913 -- each is optional, and by keyword
        self,
        reason: str,
        *,
        file: str = "",
        line: int = 0,
        column: int = 0,
        token: str = "",
        hint: str = "",
        field: str = "",
        other: str = "",
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.file = file
        self.line = line
        self.column = column
        self.token = token
        self.hint = hint
        self.field = field
        self.other = other

    def __str__(self) -> str:
        return self.spelt({})

    def spelt(self, names: Mapping[str, str]) -> str:
        """Return the message with fields called as ``names`` says; by their own names where it does not."""
        field, other = (names.get(name, name) for name in (self.field, self.other))
        reason, hint = (
            words.replace("{other}", other) if other else words for words in (self.reason, self.hint)
        )
        if field:
            what = f"{field} {self.token}" if self.token else field
            reason = f"{what}: {reason}"
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        said = f"{place}: {reason}" if place else reason
        return f"{said} ({hint})" if hint else said


def unreadable(file: str, error: Exception | str) -> UserError:
    """Return the error for a file that cannot be read; ``error`` says why."""
    return UserError(f"cannot read {file}: {_why(error)}")


def unwritable(file: str, error: Exception | str) -> UserError:
    """Return the error for a file that cannot be written; ``error`` says why."""
    why = "no such directory" if isinstance(error, FileNotFoundError) else _why(error)
    return UserError(f"cannot write {file}: {why}")


def _why(error: Exception | str) -> str:
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a directory"
    if isinstance(error, PermissionError):
        return "permission denied"
    return str(getattr(error, "strerror", None) or error)


class BrokenInvariantError(Exception):
    """A promise that our own code broke; the command line exits 3."""
