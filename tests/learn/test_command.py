"""``ipsec-lo-trace learn``: the list, the prompt, the hints and the progress."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ipsec_lo_trace.lessons.lesson import lesson_names
from tests.cli.support import assert_refused, invoke, shell, spawn
from tests.learn.support import STATED, at_terminal

SCHEMA = "ipsec-lo-trace-progress/1"


def test_the_list_names_every_lesson_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a lesson there is one line for each, and what to type; without --progress no file appears."""
    monkeypatch.chdir(tmp_path)
    lines = invoke("learn").lines
    assert [line.split()[1] for line in lines[1:-1]] == lesson_names()
    assert lines[-1] == "next ipsec-lo-trace learn crossing"
    assert invoke("learn", "cause", "--answer", "16").code == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", lesson_names())
def test_a_pipe_gets_no_colour_and_ascii_where_that_is_all(name: str) -> None:
    """Piped in the C locale at 40 columns there is ASCII alone, and no line of prose is wider than 40."""
    done = spawn("learn", name, "--answer", STATED[name].wrong, COLUMNS="40", LC_ALL="C", NO_COLOR="1")
    assert (done.code, done.err) == (1, "")
    assert done.out.isascii()
    assert b"\x1b" not in done.out
    prose = done.lines[: done.lines.index(next(line for line in done.lines if line.startswith("answer")))]
    assert all(len(line) <= 40 or " " not in line.strip() for line in prose)


def test_an_answer_is_read_from_a_pipe() -> None:
    """A line on standard input answers; one that is no answer is told so on stderr, and the next is taken."""
    done = shell("printf 'foo\\n16\\n' | $T learn cause")
    assert done.code == 0
    assert "Right." in done.out.decode()
    assert done.err == "ipsec-lo-trace: the answer has 'foo' (a row's number, 1 to 22)\n"


def test_what_is_typed_cannot_steer_the_terminal() -> None:
    """Control characters, and bytes that are no text, are told escaped, and the next line is taken."""
    done = shell("printf '\\033[31m\\377\\n16\\n' | $T learn cause")
    assert done.code == 0
    assert "\x1b" not in done.err
    assert "\\x1b[31m" in done.err


@pytest.mark.parametrize("how", ["</dev/null", "<&-"])
def test_the_end_of_input_ends_it(how: str) -> None:
    """Where nobody answers, the lesson says how to come back, and exits 1: it is not solved."""
    done = shell(f"$T learn cause {how}")
    assert (done.code, done.err) == (1, "")
    assert done.out.decode().endswith("> \nNo answer yet: ipsec-lo-trace learn cause asks again.\n")


@pytest.mark.slow
@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x04", 1)])
def test_ctrl_c_and_ctrl_d_at_a_terminal(key: bytes, code: int) -> None:
    """Ctrl-C exits 130 and Ctrl-D 1, without a traceback."""
    ended, shown = at_terminal("cause", key)
    assert ended == code
    assert "Traceback" not in shown


def test_hints_come_one_after_the_other() -> None:
    """--hint gives the first, three times all three; at the prompt ? gives the next until none is left."""
    assert invoke("learn", "cause", "--hint", "--answer", "16").out.count(b"hint ") == 1
    assert invoke("learn", "cause", *["--hint"] * 5, "--answer", "16").out.count(b"hint ") == 3
    done = shell("printf '?\\n?\\n?\\n' | $T learn cause --hint")
    assert [f"hint {number} " in done.out.decode() for number in (1, 2, 3, 4)] == [True, True, True, False]
    assert "No more hints." in done.out.decode()


def test_progress_is_kept_where_the_user_says(tmp_path: Path) -> None:
    """Answers and hints are counted, what is solved stays so, and the list shows it with what is next."""
    file = str(tmp_path / "progress.json")
    assert invoke("learn", "crossing", "--progress", file, "--hint", "--answer", "esp icmp").code == 0
    assert invoke("learn", "1", "--progress", file, "--answer", "esp esp").code == 1
    assert json.loads(Path(file).read_bytes()) == {
        "schema": SCHEMA,
        "lessons": {"crossing": {"answers": 2, "hints": 1, "solved": True}},
    }
    lines = invoke("learn", "--progress", file).lines
    assert "(solved, answers: 2, hints: 1)" in lines[1]
    assert lines[-1] == "next ipsec-lo-trace learn cause"


def test_no_progress_without_an_answer(tmp_path: Path) -> None:
    """Where no answer came, nothing is written, nor where the lesson cannot be shown."""
    file = tmp_path / "progress.json"
    assert shell(f"$T learn cause --progress {file} </dev/null").code == 1
    assert invoke("learn", "cause", "--progress", str(file), "--answer", "x").code == 2
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{", "truncated"),
        (b'{"schema": "x",\n  "lessons": b}', ":2:14: no progress file: JSON is malformed"),
        (b"\xff", "no progress file"),
        (b"[]", "no progress file"),
        (b'{"schema": "ipsec-lo-trace-progress/9", "lessons": {}}', "ipsec-lo-trace-progress/1"),
        (b'{"lessons": {"crosing": {"answers": 1, "hints": 0, "solved": true}}}', "no lesson 'crosing'"),
        (b'{"lessons": {"cause": {"answers": 0, "hints": 0, "solved": true}}}', "lesson cause"),
        (b'{"lessons": {"cause": {"answers": 1, "hints": 4, "solved": true}}}', "lesson cause"),
        (b'{"lessons": {"cause": {"answers": 1, "hints": 0}}}', "solved"),
        (b"[" * 100_000, "larger than 65536 bytes"),
    ],
)
def test_a_broken_progress_file_is_refused_and_kept(text: bytes, said: str, tmp_path: Path) -> None:
    """A file that is no progress exits 2 with its name and the reason, and stays as it was."""
    file = tmp_path / "progress.json"
    file.write_bytes(text)
    for arguments in ([], ["cause", "--answer", "16"]):
        assert_refused(invoke("learn", *arguments, "--progress", str(file)), "progress.json", said)
    assert file.read_bytes() == text


def test_an_empty_progress_file_is_a_new_one(tmp_path: Path) -> None:
    """What mktemp made can be used."""
    file = tmp_path / "progress.json"
    file.touch()
    assert invoke("learn", "cause", "--answer", "16", "--progress", str(file)).code == 0
    assert json.loads(file.read_bytes())["lessons"]["cause"]["solved"] is True


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["9"], "no such lesson"),
        (["--answer", "x"], "say which"),
        (["--hint"], "say which"),
        (["cause", "--grade", "."], "--grade"),
        (["--grade", ".", "--progress", "p"], "--grade"),
        (["cause", "--answer", "16", "-o", "x"], "-o x"),
        (["cause", "--answer", ""], "no answer"),
        (["--progress", "-"], "--progress -"),
        (["--progress", "/"], "directory"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str) -> None:
    """Options that contradict each other, or have nothing to act on, exit 2 with one message."""
    assert_refused(invoke("learn", *arguments), said)
