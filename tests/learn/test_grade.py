"""``learn --grade``: students' answer files in, a teacher's report out."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ipsec_lo_trace.lessons.checks import Judgement, judged
from ipsec_lo_trace.lessons.lesson import Lesson, lesson_names
from tests.check.junit import validate
from tests.cli.support import assert_refused, invoke
from tests.learn.support import STATED


def answers(folder: Path, student: str, **given: str | int) -> None:
    """Write a student's answer file."""
    lines = (f"{name} = {json.dumps(answer)}\n" for name, answer in given.items())
    (folder / f"{student}.toml").write_text("".join(lines))


def checked(report: str) -> ET.Element:
    """Read a report, and hold it against JUnit's schemas."""
    root = ET.fromstring(report)  # noqa: S314 -- ours
    validate(root)
    return root


def all_right() -> dict[str, str | int]:
    """Return the right answer to every lesson."""
    return {name: stated.right for name, stated in STATED.items()}


def test_each_student_is_a_suite_and_each_lesson_a_case(tmp_path: Path) -> None:
    """Right, wrong, missing and unreadable answers are told apart; a number may be given as one."""
    answers(tmp_path, "alice", **all_right() | {"cause": 16})
    answers(tmp_path, "bob", crossing="esp esp", cause="last", mark=" ")
    (tmp_path / "notes.txt").write_text("not an answer file")
    report = tmp_path / "report.xml"
    done = invoke("learn", "--grade", str(tmp_path), "-o", str(report))
    assert (done.code, done.out, done.err) == (1, b"", "")
    alice, bob = checked(report.read_text())
    assert (alice.attrib["name"], alice.attrib["tests"], alice.attrib["failures"]) == ("alice", "8", "0")
    assert (bob.attrib["name"], bob.attrib["failures"]) == ("bob", "8")
    assert [case.attrib["name"] for case in bob.iter("testcase")] == lesson_names()
    faults = [fault.attrib["type"] for fault in bob.iter("failure")]
    assert faults == ["wrong", "unreadable", *["missing"] * 6]
    assert "the right answer: esp icmp; this one: esp esp" in next(bob.iter("failure")).attrib["message"]


def test_all_right_is_0(tmp_path: Path) -> None:
    """Where every student has everything right, the exit code is 0."""
    answers(tmp_path, "alice", **all_right())
    assert invoke("learn", "--grade", str(tmp_path)).code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('cause = "16', "not TOML"),
        ("couse = 16", "'couse' (the lessons are"),
        ("\ncause = [16]", ".toml:2: the answer to cause is neither"),
        ("cause = true", "neither a text nor a number"),
    ],
)
def test_a_broken_answer_file_does_not_stop_the_others(text: str, said: str, tmp_path: Path) -> None:
    """A file that cannot be read is an error in the report and on stderr, exit 2; the others are graded."""
    (tmp_path / "<bob>.toml").write_text(text)
    answers(tmp_path, "alice", **all_right())
    done = invoke("learn", "--grade", str(tmp_path))
    assert done.code == 2
    assert said in done.err
    bob, alice = checked(done.text)
    assert (bob.attrib["name"], bob.attrib["errors"], alice.attrib["failures"]) == ("<bob>", "1", "0")


def test_the_same_answer_is_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty students with the same answers cost as many judgements as one."""
    counted: list[str] = []

    def counting(lesson: Lesson, answer: str) -> Judgement:
        counted.append(answer)
        return judged(lesson, answer)

    monkeypatch.setattr("ipsec_lo_trace.cli.run.grade.judged", counting)
    for number in range(30):
        answers(tmp_path, f"student{number}", **all_right())
    assert invoke("learn", "--grade", str(tmp_path)).code == 0
    assert len(counted) == len(STATED)


def test_what_cannot_be_graded_is_refused(tmp_path: Path) -> None:
    """A folder without answers, none at all, a file, and a report over an answer file exit 2."""
    assert_refused(invoke("learn", "--grade", str(tmp_path)), "no answer file")
    assert_refused(invoke("learn", "--grade", str(tmp_path / "x")), "no such file")
    answers(tmp_path, "alice", **all_right())
    file = tmp_path / "alice.toml"
    assert_refused(invoke("learn", "--grade", str(file)), "directory")
    assert_refused(invoke("learn", "--grade", str(tmp_path), "-o", str(file)), "is read")
