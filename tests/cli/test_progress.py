"""Whoever waits at a terminal is told how far it is; nobody else is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipsec_lo_trace.cli import progress
from tests.audit.test_command import CLEAN
from tests.cli.support import ROOT, invoke

AT_ONCE = """
import sys, threading

class Timer:
    def __init__(self, seconds, function):
        self.start, self.cancel, self.join = function, int, int

threading.Timer = Timer
from ipsec_lo_trace.cli.main import main
main(sys.argv[1:])
"""
"""The program without its second of patience."""
TOLD = {
    "ping -c": ("requests", ["ping", "-q", "-c", "3"]),
    "ping -o": ("requests", ["ping", "-o", "out.jsonl"]),
    "show": ("reading the rows", ["show", "a.jsonl"]),
    "show on the spot": ("requests", ["show", "@patched"]),
    "diff": ("reading the rows", ["diff", "a.jsonl", "a.jsonl"]),
    "export": ("reading the rows", ["export", "a.jsonl", "-o", "out.csv"]),
    "audit": ("packets", ["audit", "a.pcap", "-f", "a.conf"]),
    "replay": ("reading the capture", ["replay", "a.pcap", "-f", "a.conf"]),
    "sweep": ("cases", ["sweep", "--cases", "2"]),
    "prove": ("pieces", ["prove", "no-stale", "--scope", "first"]),
    "matrix": ("rows", ["matrix", "--rows", "ping ab-ah", "--columns", "@patched"]),
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out a trace, a capture and a configuration."""
    desk = tmp_path_factory.mktemp("desk")
    assert invoke("ping", "-o", str(desk / "a.jsonl")).code == 0
    (desk / "a.pcap").write_bytes(CLEAN)
    (desk / "a.conf").write_text("flush;\n")
    return desk


def on_terminal(arguments: list[str], desk: Path) -> str:
    """Run it at a terminal; give what that shows."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm"}
    command = [sys.executable, "-c", AT_ONCE, *arguments]
    with subprocess.Popen(command, cwd=desk, stdout=theirs, stderr=theirs, env=environment):
        os.close(theirs)
        shown = b"".join(read(ours))
    os.close(ours)
    return shown.decode()


def read(terminal: int) -> Iterator[bytes]:
    """Yield what a terminal shows, to its end."""
    try:
        while more := os.read(terminal, 4096):
            yield more
    except OSError:  # Linux's way to say that nobody has the other end
        return


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD)
def test_who_waits_is_told(name: str, desk: Path) -> None:
    """Every command that can take long says on a terminal what it is at, and for how long."""
    what, arguments = TOLD[name]
    shown = on_terminal(arguments, desk)
    assert what in shown
    assert "0:00:0" in shown


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD)
def test_a_pipe_is_told_nothing(name: str, desk: Path) -> None:
    """Where standard error is no terminal, nothing is written to it on the way."""
    _what, arguments = TOLD[name]
    command = [sys.executable, "-c", AT_ONCE, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=desk, capture_output=True, env=environment, check=False)
    assert b"\x1b" not in done.stderr
    assert b"0:00:0" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [["ping"], ["ping", "--format", "jsonl"], ["audit", "a.pcap", "-f", "a.conf", "--all"]],
)
def test_rows_that_appear_are_progress_enough(arguments: list[str], desk: Path) -> None:
    """Where rows come as they are made, nothing moves between them."""
    assert "\x1b[2K" not in on_terminal(arguments, desk)


def test_quick_commands_show_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is over within the second of patience leaves no trace on the terminal."""
    monkeypatch.setattr(progress, "_is_terminal", bool)
    with progress.progress("requests", 3) as told:
        assert told is not None
        told(1)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_that_cannot_move_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With TERM=dumb there is no bar; nor where a stream is closed."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", None)
    with progress.progress("requests", 3) as told:
        assert told is None
