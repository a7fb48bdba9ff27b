"""What a run asked of its kernel's switches, and which other kernels would have answered the same.

A kernel that answers the same to everything that a run asked runs the same way, row by row, since a run
depends on nothing else.  So one run stands for all fixes that it could not tell apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, cast

from ipsec_lo_trace.model.build import Build, values

Alike = Mapping[str, frozenset[str]]
"""By switch, the values that a run could not have told from its own; it never asked about other switches."""


class Notes:
    """What was asked: comparisons and their answers, and in which rows a switch was put into words."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self.answers: dict[tuple[str, object], bool] = {}
        self.words: dict[int, dict[str, str]] = {}
        self.row: Callable[[], int] = int


class Switch:
    """A switch's value that notes what is asked of it.

    A comparison tells no more than its answer.  As a string (str(), a format) the value is for the words of
    the row alone.  Whatever else is done with it may depend on all of it.
    """

    __slots__ = ("_name", "_notes", "_value")

    def __init__(self, name: str, value: str, notes: Notes) -> None:
        """Take the switch, and where to note what is asked."""
        self._name = name
        self._value = value
        self._notes = notes

    def __eq__(self, other: object) -> bool:
        answer = self._value == other
        self._notes.answers[self._name, other] = answer
        return answer

    def __hash__(self) -> int:
        return hash(self._whole())

    def __str__(self) -> str:
        self._notes.words.setdefault(self._notes.row(), {})[self._name] = self._value
        return self._value

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- any method of str
        return getattr(self._whole(), name)

    def _whole(self) -> str:
        self._notes.answers[self._name, self._value] = True
        return self._value


class Asked:
    """A stand-in for a kernel's build whose switches note what is asked of them."""

    def __init__(self, build: Build) -> None:
        """Stand in for this build; nothing was asked yet."""
        self._build = build
        self._notes = Notes()

    def __getattr__(self, name: str) -> Switch:
        # What is set here is found without coming here again.
        made = vars(self)[name] = Switch(name, getattr(self._build, name), self._notes)
        return made

    @property
    def build(self) -> Build:
        """Itself, as a kernel takes it."""
        return cast("Build", self)

    def by_row(self, row: Callable[[], int]) -> None:
        """Note from now on in which row a switch is put into words."""
        self._notes.row = row

    def alike(self, quoted: int = 0) -> dict[str, frozenset[str]]:
        """Return the values of each switch that would have answered the same.

        ``quoted`` is a row whose words matter, 0 if none does.
        """
        found: dict[str, frozenset[str]] = {}
        words = self._notes.words.get(quoted, {})
        said = dict.fromkeys(words.items(), True)
        for (name, other), answer in (self._notes.answers | said).items():
            same = _same(name, other, answer=answer)
            found[name] = found[name] & same if name in found else same
        return found


@cache
def _same(name: str, other: object, *, answer: bool) -> frozenset[str]:
    return frozenset(value for value in values(name) if (value == other) is answer)


def answers(build: Build, alike: Alike) -> bool:
    """Tell whether a kernel with this build would have answered as the one that ran did."""
    for name, same in alike.items():  # noqa: SIM110 -- asked so often that all() shows
        if getattr(build, name) not in same:
            return False
    return True
