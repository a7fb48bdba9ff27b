"""A lesson: its data file, read and validated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.outside import MisreadError, decoded
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.toml import document, line_of

FOLDER = Path(__file__).parent
HINTS = 3
NEEDS = {
    "deciding-mark": "about",
    "strips": "choices",
    "fixes-that-cure": "choices",
    "policy-makes-clean": "configuration",
    "packets-of-leak": "configuration",
}
"""What a lesson must say for some of the checks."""
_NUMBERED = re.compile(r"([1-9])-([a-z-]+)")
Question = Literal[
    "crossings",
    "row-of-cause",
    "deciding-mark",
    "strips",
    "fixes-that-cure",
    "policy-makes-clean",
    "packets-of-leak",
]
"""What a lesson may ask; lessons.checks answers each from the runs."""


class Lesson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson: what is told, what is asked, and which runs answer it.

    ``number`` and ``name`` are those of its file.  ``answer`` says in which form the answer is wanted,
    ``check`` who judges it.  ``about`` is the role of the row that is asked about; ``preview`` is what the
    student sees before the answer: the rows of the run without its marks ("path"), or what crossed lo0
    ("wire").  ``choices`` are strips or fixes to choose from.  ``configuration`` is setkey(8) text, "" for
    the built-in one; each of ``runs`` has fields of a Setup.
    """

    number: int
    name: str
    title: str
    story: str
    question: str
    answer: str
    check: Question
    hints: tuple[str, str, str]
    runs: tuple[dict[str, Any], ...]
    about: Literal["effect", "unseen", ""] = ""
    preview: Literal["path", "wire", ""] = ""
    choices: tuple[str, ...] = ()
    configuration: str = ""

    @property
    def setups(self) -> list[Setup]:
        """What is run; UserError, about the field at fault, for what no setup has."""
        return [_setup(run, self.configuration) for run in self.runs]


def lesson_files() -> Iterator[tuple[int, str, Path]]:
    """Yield number, name and file of each lesson, in order."""
    for path in sorted(FOLDER.glob("*.toml")):
        if found := _NUMBERED.fullmatch(path.stem):
            yield int(found[1]), found[2], path


def lesson_names() -> list[str]:
    """Return the lessons' names, in order."""
    return [name for _number, name, _path in lesson_files()]


def all_lessons() -> list[Lesson]:
    """Read every lesson, in order."""
    return [
        read_lesson(path.read_text(encoding="utf-8"), number, name) for number, name, path in lesson_files()
    ]


def known_lesson(wanted: str) -> Lesson:
    """Find a lesson by number or name, in any case; UserError if there is none."""
    for number, name, path in lesson_files():
        if wanted.lower() in (str(number), name):
            return read_lesson(path.read_text(encoding="utf-8"), number, name)
    names = lesson_names()
    near = get_close_matches(wanted.lower(), names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"1 to {len(names)}, or {', '.join(names)}"
    raise UserError(f"learn {wanted}: no such lesson", hint=hint)


def read_lesson(text: str, number: int, name: str) -> Lesson:
    """Read a lesson's data file; UserError with its place at the first mistake."""
    file = f"{number}-{name}.toml"
    parsed = document(text, file) | {"number": number, "name": name}
    try:
        lesson = decoded(lambda table: msgspec.convert(table, Lesson), parsed)
        for setup in lesson.setups:
            setup.check()
        _check_needs(lesson)
    except MisreadError as error:
        key = re.search(r"`\$\.(\w+)|field `([^`]*)`", str(error))
        line = line_of(key[1] or key[2], text) if key else 0
        raise UserError(str(error), file=file, line=line) from None
    except UserError as error:
        raise UserError(str(error), file=file, line=line_of(error.field, text)) from None
    return lesson


def _check_needs(lesson: Lesson) -> None:
    need = NEEDS.get(lesson.check, "runs")
    if not (lesson.runs and getattr(lesson, need)):
        raise UserError(f"check {lesson.check} needs {need}")


def _setup(run: dict[str, Any], configuration: str) -> Setup:
    """Make a setup of a run's table; UserError for a key that it has not."""
    for key in run:
        if key not in Setup.__struct_fields__:
            raise UserError("a setup has no such field", field=key)
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in run.items()}
    return msgspec.structs.replace(Setup(config=configuration or None), **fields)
