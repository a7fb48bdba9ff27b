"""Grade students' answer files, and report to a teacher in JUnit's XML."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from ipsec_lo_trace.cli.checking.text import read_text
from ipsec_lo_trace.cli.exits import EXIT_NOT_MET, EXIT_TROUBLE
from ipsec_lo_trace.cli.files import complain, output, refuse_own_input
from ipsec_lo_trace.cli.junit import Case, Suite, junit_text
from ipsec_lo_trace.lessons.checks import judged
from ipsec_lo_trace.lessons.lesson import Lesson, all_lessons, lesson_names
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.toml import MAX_WORD_LEN, document, line_of


def grade(folder: str, path: str) -> int:
    """Grade the answer files of a folder and write the report; return the exit code."""
    files = _answer_files(folder)
    refuse_own_input(path, *map(str, files))
    lessons = {lesson.name: lesson for lesson in all_lessons()}
    # The same answer of many students is judged once.
    mark = cache(lambda name, answer: _graded(lessons[name], answer))
    suites = [_suite(file, mark) for file in files]
    report = junit_text(suites)
    with output(path) as out:
        out.write(report)
    faults = [case for suite in suites for case in suite.cases if case.fault]
    troubles = [case.message for case in faults if case.fault == "error"]
    for trouble in troubles:
        complain(trouble)
    return EXIT_TROUBLE if troubles else EXIT_NOT_MET if faults else 0


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


def _suite(file: Path, mark: Callable[[str, str], Case]) -> Suite:
    """Grade a student: a case for each lesson, or one for a file that cannot be read."""
    try:
        answers = _answers(file)
    except UserError as error:
        return Suite(file.stem, [Case("the answer file", "error", "answers", str(error))])
    return Suite(file.stem, [mark(name, answers.get(name, "")) for name in lesson_names()])


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


def _graded(lesson: Lesson, answer: str) -> Case:
    if not answer.strip():
        return Case(lesson.name, "failure", "missing", "no answer")
    try:
        judgement = judged(lesson, answer)
    except UserError as error:
        return Case(lesson.name, "failure", "unreadable", str(error))
    if judgement.right:
        return Case(lesson.name)
    told = f"the right answer: {judgement.truth}; this one: {judgement.said}"
    return Case(lesson.name, "failure", "wrong", told)
