"""Mistyped commands: what is answered, how long it is, and that it is never the opposite."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.main import run
from ipsec_lo_trace.model.suggest import MOST_LISTED, likely
from tests.cli.support import COMMAND, ROOT, assert_refused, environment, invoke

LIST = Path(__file__).with_name("mistakes.txt")
FOLDERS = (ROOT / "docs" / "examples", ROOT / "tests" / "data" / "mistakes")
LEAST = 100
MOST_LINES = 6
OPPOSITES = (
    ("patched", "unpatched"),
    ("clean", "leak"),
    ("seen", "unseen"),
    ("IN_DONE", "OUT_DONE"),
    ("in-only", "out-only"),
    ("ip_input", "ip_output"),
    ("--quiet", "--verbose"),
    ("--color", "--no-color"),
    ("transport", "tunnel"),
)


def answers() -> Iterator[tuple[str, str]]:
    """Yield each mistyped command of the list, and the first line of its answer."""
    lines = [line for line in LIST.read_text(encoding="ascii").splitlines() if line and line[0] != "#"]
    for command, answer in zip(lines[::2], lines[1::2], strict=True):
        yield command.removeprefix("$ ipsec-lo-trace "), answer


ANSWERS = tuple(answers())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the files that the commands name."""
    made = tmp_path_factory.mktemp("mistakes")
    for file in (file for source in FOLDERS for file in source.iterdir() if file.is_file()):
        shutil.copy(file, made)
    return made


def test_the_list_is_long_enough() -> None:
    """There are at least a hundred mistakes, none twice."""
    assert len(ANSWERS) == len(dict(ANSWERS)) >= LEAST


@pytest.mark.parametrize(("command", "expected"), ANSWERS, ids=[command for command, _line in ANSWERS])
def test_answer(command: str, expected: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake exits 2 with this answer, which a terminal shows in at most six lines."""
    monkeypatch.chdir(folder)
    done = invoke(*shlex.split(command))
    assert_refused(done)
    assert done.err.rstrip("\n") == expected
    assert len(textwrap.wrap(expected, 80, break_on_hyphens=False)) <= MOST_LINES


def has(name: str, text: str) -> bool:
    """Tell whether a name stands in a text by itself."""
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE) is not None


@pytest.mark.parametrize(("one", "other"), [*OPPOSITES, *(pair[::-1] for pair in OPPOSITES)])
def test_no_answer_suggests_the_opposite(one: str, other: str) -> None:
    """A word that is nearly one of two opposites is never taken for the other alone."""
    known = [one, other]
    typed = [one[:at] + one[at + 1 :] for at in range(1, len(one))]
    typed += [one[:at] + one[at + 1] + one[at] + one[at + 2 :] for at in range(1, len(one) - 1)]
    assert typed
    assert [word for word in typed if word not in known and likely(word, known) == [other]] == []
    for command, answer in ANSWERS:
        wrong, _mean, asked = answer.partition("did you mean ")
        if has(one, wrong) and not has(other, wrong):
            assert not has(other, asked) or has(one, asked), command


@pytest.mark.parametrize(("command", "answer"), ANSWERS, ids=[command for command, _line in ANSWERS])
def test_no_answer_lists_more_than_a_dozen_names(command: str, answer: str) -> None:
    """No answer is a list of names longer than a dozen."""
    lists = re.findall(r"[^,;:()]+(?:, [^,;:()]+)+", answer)
    assert all(found.count(", ") < MOST_LISTED for found in lists), command


@pytest.mark.parametrize(
    ("commands"),
    [
        ("ping --fix NetBSD-9 -q", "ping --fix netbsd-9 -q"),
        ("Ping -q", "ping -q"),
        ("ping --case LO-AH", "ping --case lo-ah"),
        ("probe TCP-Closed --patched", "probe tcp-closed --patched"),
        ("ping --set LOOUTPUT=Tags", "ping --set looutput=tags"),
        ("ping --mode Tunnel --proto AH", "ping --mode tunnel --proto ah"),
        ("ping --expect LEAK", "ping --expect leak"),
        ("ping --format JSON", "ping --format json"),
        ("ping --stage IP_Output --mark out_done", "ping --stage ip_output --mark OUT_DONE"),
        ("ping --drop-mark out_done@LOOUTPUT", "ping --drop-mark OUT_DONE@looutput"),
        ("show @Patched", "show @patched"),
        ("diff @UNPATCHED @NetBSD-9", "diff @unpatched @netbsd-9"),
        ("why Cause @unpatched", "why cause @unpatched"),
        ("list FIXES", "list fixes"),
        ("help Exit-Codes", "help exit-codes"),
        (
            "matrix --columns PATCHED --rows encap --only CLEAN",
            "matrix --columns patched --rows encap --only clean",
        ),
    ],
    ids=" ".join,
)
def test_case_does_not_matter(commands: tuple[str, str]) -> None:
    """A name in another case is the name: the same exit code, and the same output to the letter."""
    typed, usual = (invoke(*shlex.split(command)) for command in commands)
    assert typed.out
    assert typed.code in (0, 1)
    assert (typed.code, typed.err) == (usual.code, usual.err)
    assert normal(typed.text) == normal(usual.text)


def normal(text: str) -> str:
    """Return a text with the names of its traces in one case."""
    return re.sub(r"@\w+", lambda found: found[0].lower(), text)


class Terminal(io.StringIO):
    """A stream that says it is a terminal, whose width nobody can ask for."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


@pytest.mark.parametrize(("wish", "width"), [("40", 40), ("100", 100), ("", 80)])
def test_a_message_wraps_on_a_terminal(wish: str, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a message has lines as wide as it, no word is cut, and what follows is indented."""
    monkeypatch.setenv("COLUMNS", wish)
    with redirect_stderr(Terminal()) as err:
        assert run(["ping", "--expect", "nothing"]) == 2
    text = err.getvalue()
    assert text.endswith("\n")
    first, *more = text.splitlines()
    assert more
    assert all(line.startswith("  ") for line in more)
    assert all(len(line) <= width for line in (first, *more))
    assert " ".join(text.split()) == invoke("ping", "--expect", "nothing").err.rstrip("\n")


SECRETS = ("not a key of an SA", "secret", "another")


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDERS[1].iterdir()))
def test_another_program_s_file_is_named_and_no_secret_told(name: str) -> None:
    """A file of another program is said to be one, with what to give instead, and none of its secrets."""
    done = invoke("ping", "-f", str(FOLDERS[1] / name))
    assert_refused(done, "this is ", "setkey(8) commands")
    told = done.err.partition("this is ")[2].replace("ipsec.secrets", "")
    assert not any(secret in told for secret in SECRETS)


@pytest.mark.parametrize("name", sorted(file.name for file in FOLDERS[1].iterdir()))
def test_a_mistake_after_a_command_is_setkey_s_own(name: str, tmp_path: Path) -> None:
    """After a command of setkey(8) the same lines are a mistake in its text, told with its place."""
    mixed = tmp_path / "mixed.conf"
    mixed.write_text("flush ;\n" + (FOLDERS[1] / name).read_text(encoding="ascii"), encoding="ascii")
    done = invoke("ping", "-f", str(mixed))
    assert_refused(done, "mixed.conf:")
    assert "this is " not in done.err or "shell script" in done.err


def test_mistakes_load_nothing_dear() -> None:
    """A mistyped command or option is answered without scapy, rich or cryptography."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *COMMAND[1:], "ping", "--cuont", "3"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "did you mean --count?" in done.stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert loaded.isdisjoint({"scapy", "rich", "cryptography"})
