"""The lessons: their data, their answers, and the rows that explain a wrong one."""

from __future__ import annotations

import re

import pytest

from ipsec_lo_trace.lessons.checks import JUDGES, judged
from ipsec_lo_trace.lessons.lesson import FOLDER, Lesson, all_lessons, known_lesson, read_lesson
from ipsec_lo_trace.model.errors import UserError
from tests.cli.support import invoke
from tests.learn.support import STATED, at_terminal

LESSONS = {lesson.name: lesson for lesson in all_lessons()}
ROW = re.compile(r"^ *\d+[ >X\u25b6\u2717] [a-z]\w+ ")
FAULTS = [
    ('  "Two packets cross lo0: the request and the reply.",\n', "", "hints"),
    ('check = "crossings"', 'check = "guess"', "check"),
    ('fix = "unpatched"', 'fixx = "unpatched"', "fixx: a setup has no such field"),
    ('fix = "unpatched"', "count = 0", "count 0: not from 1 to"),
    ('title = "What', 'titel = "What', "titel"),
    ('"""', "'''", "not TOML"),
]
"""What is wrong with a data file, and the word that says so."""


def test_there_are_eight_of_them() -> None:
    """Eight lessons, numbered without a gap; every judge has a lesson, and each lesson's answer is stated."""
    assert [lesson.number for lesson in LESSONS.values()] == list(range(1, 9))
    assert {lesson.check for lesson in LESSONS.values()} == set(JUDGES)
    assert list(LESSONS) == list(STATED)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_is_whole_and_does_not_tell(lesson: Lesson) -> None:
    """Three different hints, a question that ends as one, and no right answer in anything that is told."""
    assert len({hint.strip() for hint in lesson.hints}) == 3
    assert lesson.question.endswith(("?", "."))
    right = judged(lesson, STATED[lesson.name].right).truth
    told = " ".join((lesson.title, lesson.story, lesson.question, lesson.answer, *lesson.hints)).lower()
    if lesson.check != "deciding-mark":  # which names all three
        assert not re.search(rf"\b{re.escape(right.lower())}\b", told)


@pytest.mark.parametrize("name", STATED)
def test_the_runs_say_what_a_person_states(name: str) -> None:
    """What the runs compute is the answer that was stated by hand, time and again; the wrong one is wrong."""
    stated, lesson = STATED[name], LESSONS[name]
    first = judged(lesson, stated.right)
    assert first.right
    assert (first.truth, first.said) == (judged(lesson, stated.right).truth, first.truth)
    assert not judged(lesson, stated.wrong).right


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("crossing", "esp"),
        ("crossing", "icmp esp"),
        ("crossing", "esp icmp icmp"),
        ("cause", "15 16"),
        ("mark", "OUT_DONE M_DECRYPTED"),
        ("strip", "c / a"),
        ("strip", "a / c e"),
        ("reset", "nothing"),
        ("policy", "spdadd 10.9.9.1 10.9.9.2 any -P out discard ;"),
        ("policy", "flush ; "),
        ("capture", "nothing"),
    ],
)
def test_half_an_answer_is_wrong(name: str, answer: str) -> None:
    """Too little, too much or the wrong way round is not right."""
    assert not judged(LESSONS[name], answer).right


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("crossing", "esp foo", "'foo'"),
        ("cause", "23", "1 to 22"),
        ("cause", "sixteen", "a row's number"),
        ("mark", "M_DECRYPT", "M_DECRYPTED"),
        ("strip", "c e a", "has no /"),
        ("reset", "e", "'e'"),
        ("policy", "spdadd 10.9.9.1", "the answer:"),
        ("policy", "\n  spdadd 10.9.9.1 10.9.9.2 any -P up none ;", "the answer:2:35"),
        ("capture", "9", "1 to 8"),
    ],
)
def test_what_is_no_answer_is_refused(name: str, answer: str, said: str) -> None:
    """An answer that cannot be one is refused with the form that is wanted, or with its place."""
    with pytest.raises(UserError) as refused:
        judged(LESSONS[name], answer)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("crossing", ["ping", "--unpatched"]),
        ("cause", ["ping", "--unpatched"]),
        ("mark", ["ping", "--unpatched"]),
        ("reflector", ["ping", "--unpatched", "--reflector", "userspace"]),
        ("reset", ["probe", "tcp-closed", "--patched"]),
        ("strip", ["ping", "--drop-mark", "tags@looutput"]),
    ],
)
def test_a_wrong_answer_is_explained_by_rows_of_the_very_run(name: str, command: list[str]) -> None:
    """The rows are those that the run prints by itself, to the letter, and its reasons those of ``why``."""
    done = invoke("learn", name, "--answer", STATED[name].wrong)
    assert done.code == 1
    said = done.out.decode()
    rows = [line for line in invoke(*command).out.decode().splitlines() if ROW.match(line)]
    shown = [line for line in said.splitlines() if ROW.match(line) and line in rows]
    assert len(shown) >= 2
    if (row := re.search(r"^row (\d+) ", said, re.MULTILINE)) and command[0] == "ping":
        assert invoke("why", row[1], *command[1:]).out.decode() in said


@pytest.mark.slow
@pytest.mark.parametrize("name", STATED)
def test_right_and_wrong_at_a_terminal(name: str) -> None:
    """At a terminal a right answer exits 0, a wrong one 1 with the rows that explain it."""
    stated = STATED[name]
    code, shown = at_terminal(name, f"{stated.right}\n".encode())
    assert (code, "Right." in shown, "No." in shown) == (0, True, False)
    code, shown = at_terminal(name, b"?\n", f"{stated.wrong}\n".encode())
    assert (code, "Right." in shown, "No." in shown) == (1, False, True)
    assert " ".join(LESSONS[name].hints[0].split()) in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", shown).split())
    assert stated.explained in " ".join(re.sub(r"\x1b\[[0-9;]*m", "", shown).split())


@pytest.mark.parametrize(("old", "new", "said"), FAULTS)
def test_a_faulty_data_file_is_refused(old: str, new: str, said: str) -> None:
    """A data file with a mistake in it is refused, by name and with the reason."""
    text = (FOLDER / "1-crossing.toml").read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(UserError) as refused:
        read_lesson(text.replace(old, new, 1), 1, "crossing")
    assert str(refused.value).startswith("1-crossing.toml:")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("file", "without"), [("3-mark", "about"), ("4-strip", "choices"), ("6-reset", "choices")]
)
def test_a_check_without_what_it_needs_is_refused(file: str, without: str) -> None:
    """A lesson whose check has nothing to go by is refused when it is read, not when it is played."""
    text = (FOLDER / f"{file}.toml").read_text(encoding="utf-8")
    less = re.sub(rf"^{without} = (\[.*?\]|\S+)\n", "", text, flags=re.MULTILINE | re.DOTALL)
    assert less != text
    with pytest.raises(UserError, match=f"needs {without}"):
        read_lesson(less, 9, "name")


def test_a_lesson_is_known_by_number_and_by_name() -> None:
    """A number and a name in any case find the same lesson; a near miss is told what is near."""
    assert known_lesson("2").name == known_lesson("CAUSE").name == "cause"
    with pytest.raises(UserError, match="did you mean crossing"):
        known_lesson("crosing")
