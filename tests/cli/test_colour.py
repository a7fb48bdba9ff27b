"""Colour: who decides, and that it carries no meaning alone."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import pytest

from ipsec_lo_trace.cli.files import columns
from ipsec_lo_trace.cli.terminal import wants_colour
from tests.cli.support import COMMAND, ROOT, environment, ping

ANSI = re.compile(r"\x1b\[[0-9;]*m")
TABLE = [
    # --color, environment, a terminal?, colour?
    ("auto", {}, True, True),
    ("auto", {}, False, False),
    ("auto", {"TERM": "xterm"}, True, True),
    ("auto", {"TERM": "dumb"}, True, False),
    ("auto", {"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ("auto", {"NO_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": "0"}, True, False),
    ("auto", {"NO_COLOR": ""}, True, True),
    ("auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, False, False),
    ("auto", {"FORCE_COLOR": "1"}, False, True),
    ("auto", {"FORCE_COLOR": "3"}, False, True),
    ("auto", {"FORCE_COLOR": "true"}, False, True),
    ("auto", {"FORCE_COLOR": "0"}, False, False),
    ("auto", {"FORCE_COLOR": "false"}, False, False),
    ("auto", {"FORCE_COLOR": "False"}, False, False),
    ("auto", {"FORCE_COLOR": ""}, False, False),
    ("auto", {"FORCE_COLOR": "0"}, True, True),
    ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
    ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
    ("auto", {"FORCE_COLOR": "0", "CLICOLOR_FORCE": "1"}, False, True),
    ("always", {"NO_COLOR": "1", "TERM": "dumb"}, False, True),
    ("never", {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
]


@pytest.mark.parametrize(("choice", "variables", "terminal", "coloured"), TABLE)
def test_who_decides(choice: str, variables: dict[str, str], *, terminal: bool, coloured: bool) -> None:
    """--color goes before NO_COLOR, FORCE_COLOR and CLICOLOR_FORCE, TERM=dumb, and the stream."""
    assert wants_colour(choice, variables, is_terminal=terminal) is coloured


@pytest.mark.parametrize(
    ("choice", "variables", "coloured"),
    [(choice, variables, coloured) for choice, variables, terminal, coloured in TABLE if not terminal],
)
def test_text_obeys(
    choice: str,
    variables: dict[str, str],
    *,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The text of a run that is no terminal's has ANSI sequences exactly if the decision says so."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (b"\x1b" in ping("--color", choice).out) is coloured


@pytest.mark.parametrize(
    "options",
    [[], ["-q"], ["-v", "--detail", "full", "--bytes", "all"], ["--patched"], ["--detail", "minimal"]],
    ids=" ".join,
)
@pytest.mark.parametrize("width", ["20", "80", "200"])
def test_colour_adds_nothing_else(options: list[str], width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its ANSI sequences, coloured text is the plain text, byte for byte."""
    monkeypatch.setenv("COLUMNS", width)
    coloured = ping("--color", "always", *options).text
    assert ANSI.sub("", coloured) == ping("--color", "never", *options).text
    assert ("\x1b" in coloured) is ("minimal" not in options)


def on_terminal(*arguments: str, width: int = 80, **variables: str) -> str:
    """Run ping on a terminal of its own, and give what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "ping", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    with process:
        try:
            while data := os.read(ours, 65536):
                shown += data
        except OSError:  # how Linux says that the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0, shown
    return shown.decode("ascii").replace("\r\n", "\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)],
)
def test_terminal(variables: dict[str, str], *, coloured: bool) -> None:
    """On a terminal, text is coloured unless TERM=dumb or NO_COLOR, and as wide as the terminal."""
    shown = on_terminal(width=100, **variables)
    assert ("\x1b[" in shown) is coloured
    lengths = [len(line) for line in ANSI.sub("", shown).splitlines()]
    assert 80 < max(lengths) <= 100


@pytest.mark.slow
def test_terminal_shows_what_a_pipe_gets() -> None:
    """A terminal of 80 columns shows the text that a pipe gets."""
    assert ANSI.sub("", on_terminal(TERM="dumb")) == ping().text


@pytest.mark.parametrize(
    ("wish", "width"),
    [
        ("100", 100),
        ("20", 20),
        ("1", 20),
        ("0", 80),
        ("", 80),
        ("-5", 80),
        ("wide", 80),
        ("\u0661\u0662", 80),
        ("99999", 65536),
        ("9" * 9, 65536),
        ("9" * 30, 80),
        ("9" * 5000, 80),
    ],
)
def test_columns(wish: str, width: int) -> None:
    """COLUMNS sets the width, from 20 to 65536; what is no sensible number is as if unset."""
    assert columns({"COLUMNS": wish}, None) == width


def test_columns_unset() -> None:
    """A pipe gets 80 columns."""
    assert columns({}, None) == 80
