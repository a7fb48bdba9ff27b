"""Play a lesson: the story, the prediction, the run, the rows that explain it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import IO

import msgspec

from ipsec_lo_trace.cli.exits import EXIT_NOT_MET
from ipsec_lo_trace.cli.files import PROGRAM, STDOUT, complain, output
from ipsec_lo_trace.cli.options import given, refuse
from ipsec_lo_trace.cli.run.learned import Progress, read_progress, write_progress
from ipsec_lo_trace.cli.terminal import glyphs, look, text_stream, write_lines
from ipsec_lo_trace.cli.waiting import await_input
from ipsec_lo_trace.lessons.checks import Judgement, judged
from ipsec_lo_trace.lessons.lesson import HINTS, Lesson, all_lessons, known_lesson, lesson_names
from ipsec_lo_trace.lessons.screen import Look, hint_line, judgement_lines, task_lines
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.styles import Line

MAX_ANSWER_BYTES = 1 << 16
ASKED_FOR_HINT = "?"


class LearnArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    lesson: str | None
    hints: int
    answer: str | None
    progress: str | None
    grade: str | None
    color: str | None
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        of_lesson = [*given(self, answer="--answer"), *(["--hint"] if self.hints else [])]
        if self.grade is not None:
            named = [*of_lesson, *given(self, progress="--progress", color="--color")]
            refuse(named, "has nothing to act on: --grade plays no lesson", if_=True)
            refuse(given(self, lesson="LESSON"), "and --grade exclude each other", if_=True)
        refuse(of_lesson, "is for one lesson: say which", if_=self.lesson is None)
        no_report = self.grade is None and self.output != STDOUT
        refuse([f"-o {self.output}"], "is for the report of --grade", if_=no_report)


def run(**values: object) -> int:
    """Check the options, and list the lessons, play one, or grade answers; return the exit code."""
    arguments = msgspec.convert(values, LearnArguments)
    arguments.check()
    if arguments.grade is not None:
        from ipsec_lo_trace.cli.run.grade import grade  # noqa: PLC0415 -- XML's tools are not light

        return grade(arguments.grade, arguments.output)
    progress = None if arguments.progress is None else read_progress(arguments.progress)
    lesson = None if arguments.lesson is None else known_lesson(arguments.lesson)
    # An answer that cannot be read is refused before anything is written.
    ready = None if lesson is None or arguments.answer is None else judged(lesson, arguments.answer)
    width, colour = look(STDOUT, arguments.color)
    with output(STDOUT) as out:
        desk = Desk(out, Look(width, glyphs(STDOUT, None)), colour=colour)
        if lesson is None:
            desk.write(_listed(all_lessons(), progress))
            return 0
        judgement, hints = _play(lesson, min(arguments.hints, HINTS), ready, desk)
    if judgement is None:
        return EXIT_NOT_MET
    if progress is not None and arguments.progress is not None:
        progress.add(lesson.name, hints=hints, right=judgement.right)
        write_progress(progress, arguments.progress)
    return 0 if judgement.right else EXIT_NOT_MET


class Desk:
    """Where a lesson is played: a stream of text, and answers typed on standard input."""

    def __init__(self, out: IO[bytes], look: Look, *, colour: bool) -> None:
        """Take the stream, and how text is laid out on it."""
        self.look = look
        self._out = out
        self._stream = text_stream(out)
        self._colour = colour

    def write(self, lines: Iterable[Line]) -> None:
        """Write lines, laid out."""
        texts = (text for line in lines for text in line.wrap(self.look.width))
        write_lines(texts, self._stream, colour=self._colour)

    def judgement(self, judgement: Judgement) -> None:
        """Write what became of an answer."""
        write_lines(judgement_lines(judgement, self.look), self._stream, colour=self._colour)

    def ask(self) -> str | None:
        """Ask for a line; None at the end of input."""
        self._stream.write("> ")
        self._out.flush()
        line = b"" if sys.stdin is None else _typed(sys.stdin.fileno())
        if not line:
            self._stream.write("\n")
            return None
        return line.decode("utf-8", "backslashreplace").strip()


def _typed(keyboard: int) -> bytes:
    """Read a line, and no byte beyond it, which would be nothing to wait for; b"" at the end of input."""
    await_input(keyboard)
    with open(keyboard, "rb", buffering=0, closefd=False) as unbuffered:
        return unbuffered.readline(MAX_ANSWER_BYTES)


def _play(lesson: Lesson, hints: int, ready: Judgement | None, desk: Desk) -> tuple[Judgement | None, int]:
    """Tell the story, take the answer if it is not ``ready``, and explain it; otherwise as ``_asked``."""
    desk.write(task_lines(lesson, len(lesson_names())))
    desk.write(hint_line(lesson, number) for number in range(1, hints + 1))
    judgement, hints = (ready, hints) if ready is not None else _asked(lesson, desk, hints)
    if judgement is None:
        desk.write([Line().say(f"No answer yet: {PROGRAM} learn {lesson.name} asks again.")])
    else:
        desk.write([Line()])
        desk.judgement(judgement)
        desk.write([Line(), _next(lesson)])
    return judgement, hints


def _asked(lesson: Lesson, desk: Desk, hints: int) -> tuple[Judgement | None, int]:
    """Ask until an answer can be read, None at the end of input; the number is of hints given."""
    judgement = None
    while judgement is None:
        answer = desk.ask()
        if answer is None:
            break
        if answer == ASKED_FOR_HINT:
            desk.write([hint_line(lesson, hints + 1) if hints < HINTS else Line().say("No more hints.")])
            hints = min(hints + 1, HINTS)
        elif answer:
            judgement = _judged(lesson, answer)
    return judgement, hints


def _judged(lesson: Lesson, answer: str) -> Judgement | None:
    """Judge an answer; None, with the reason on stderr, for one that cannot be read."""
    try:
        return judged(lesson, answer)
    except UserError as error:
        complain(str(error))
        return None


def _next(lesson: Lesson) -> Line:
    rest = lesson_names()[lesson.number :]
    after = f"learn {rest[0]}" if rest else "ping -f FILE, with policies of your own"
    return Line("next ", hang=5).say(f"{PROGRAM} {after}")


def _listed(lessons: list[Lesson], progress: Progress | None) -> Iterator[Line]:
    """List the lessons, with what became of them if that is kept."""
    attempts = {} if progress is None else progress.lessons
    yield Line().say("Exercises: predict, run, explain.", "heading")
    columns = max(len(lesson.name) for lesson in lessons)
    for lesson in lessons:
        line = Line(f"{lesson.number:>3} {lesson.name:<{columns}} ").say(lesson.title)
        if attempt := attempts.get(lesson.name):
            solved, style = ("solved", "clean") if attempt.solved else ("not solved", "bad")
            line.glue(f"({solved}, answers: {attempt.answers}, hints: {attempt.hints})", style)
        yield line
    open_ = [lesson for lesson in lessons if (at := attempts.get(lesson.name)) is None or not at.solved]
    yield Line("next ", hang=5).say(f"{PROGRAM} learn {open_[0].name}" if open_ else "all are solved")
