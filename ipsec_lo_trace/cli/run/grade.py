"""Grade students' answer files, and report to a teacher in JUnit's XML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from xml.sax.saxutils import quoteattr

import msgspec

from ipsec_lo_trace.cli.checking.report import NO_TIME, printable
from ipsec_lo_trace.cli.checking.text import read_text
from ipsec_lo_trace.cli.exits import EXIT_NOT_MET, EXIT_TROUBLE
from ipsec_lo_trace.cli.files import PROGRAM, complain, output, refuse_own_input
from ipsec_lo_trace.lessons.checks import judged
from ipsec_lo_trace.lessons.lesson import Lesson, all_lessons, lesson_names
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.toml import MAX_WORD_LEN, document, line_of


class Grade(msgspec.Struct, frozen=True):
    """What an answer is worth: ``fault`` is missing, unreadable or wrong, "" if it is right."""

    lesson: str
    fault: str = ""
    why: str = ""


class Student(msgspec.Struct, frozen=True):
    """A student, by the file's name, and the grades; ``trouble`` is why the file could not be read."""

    name: str
    grades: list[Grade]
    trouble: str = ""

    @property
    def failures(self) -> int:
        """How many answers are not right."""
        return sum(bool(grade.fault) for grade in self.grades)


def grade(folder: str, path: str) -> int:
    """Grade the answer files of a folder and write the report; return the exit code."""
    files = _answer_files(folder)
    refuse_own_input(path, *map(str, files))
    lessons = {lesson.name: lesson for lesson in all_lessons()}
    # The same answer of many students is judged once.
    mark = cache(lambda name, answer: _graded(lessons[name], answer))
    students = [_student(file, mark) for file in files]
    with output(path) as out:
        out.write("".join(f"{line}\n" for line in _report(students)).encode("ascii", "xmlcharrefreplace"))
    for student in students:
        if student.trouble:
            complain(student.trouble)
    if any(student.trouble for student in students):
        return EXIT_TROUBLE
    return EXIT_NOT_MET if any(student.failures for student in students) else 0


def _answer_files(folder: str) -> list[Path]:
    """List a folder's answer files; UserError if it cannot be read or has none."""
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix == ".toml" and path.is_file())
    except (OSError, ValueError) as error:
        why = "it is no directory" if isinstance(error, NotADirectoryError) else error
        raise unreadable(folder, why) from None
    if not files:
        raise UserError(f"{folder}: no answer file in it", hint="one for each student, as alice.toml")
    return files


def _student(file: Path, mark: Callable[[str, str], Grade]) -> Student:
    try:
        answers = _answers(file)
    except UserError as error:
        return Student(file.stem, [], str(error))
    return Student(file.stem, [mark(name, answers.get(name, "")) for name in lesson_names()])


def _answers(file: Path) -> dict[str, str]:
    """Read an answer file: TOML, an answer for each lesson's name, a text or a number."""
    name = str(file)
    text = read_text(file, name)
    answers = document(text, name)
    for lesson, answer in answers.items():
        line = line_of(lesson[:MAX_WORD_LEN], text)
        if lesson not in lesson_names():
            hint = f"the lessons are {', '.join(lesson_names())}"
            reason = f"there is no lesson {lesson[:MAX_WORD_LEN]!a}"
            raise UserError(reason, file=name, line=line, hint=hint)
        if isinstance(answer, bool) or not isinstance(answer, str | int):
            raise UserError(f"the answer to {lesson} is neither a text nor a number", file=name, line=line)
    return {lesson: str(answer) for lesson, answer in answers.items()}


def _graded(lesson: Lesson, answer: str) -> Grade:
    if not answer.strip():
        return Grade(lesson.name, "missing", "no answer")
    try:
        judgement = judged(lesson, answer)
    except UserError as error:
        return Grade(lesson.name, "unreadable", str(error))
    if judgement.right:
        return Grade(lesson.name)
    return Grade(lesson.name, "wrong", f"the right answer: {judgement.truth}; this one: {judgement.said}")


def _report(students: list[Student]) -> Iterator[str]:
    """Yield JUnit's XML: a suite for each student, a test case for each lesson."""
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<testsuites>"
    for number, student in enumerate(students):
        yield from _suite(number, student)
    yield "</testsuites>"


def _suite(number: int, student: Student) -> Iterator[str]:
    name = quoteattr(printable(student.name))
    yield (
        f'  <testsuite id="{number}" name={name} package="{PROGRAM}" {NO_TIME} '
        f'tests="{len(student.grades) or 1}" failures="{student.failures}" '
        f'errors="{int(bool(student.trouble))}" time="0">'
    )
    yield "    <properties/>"
    if student.trouble:
        yield f'    <testcase name="the answer file" classname={name} time="0">'
        yield f'      <error type="answers" message={quoteattr(printable(student.trouble))}/>'
        yield "    </testcase>"
    for grade in student.grades:
        head = f'    <testcase name="{grade.lesson}" classname={name} time="0"'
        if not grade.fault:
            yield f"{head}/>"
            continue
        yield f"{head}>"
        yield f'      <failure type="{grade.fault}" message={quoteattr(printable(grade.why))}/>'
        yield "    </testcase>"
    yield "    <system-out/>"
    yield "    <system-err/>"
    yield "  </testsuite>"
