"""``ping --pause``: row by row at the reader's own pace, on a terminal and nowhere else."""

from __future__ import annotations

import os
import pty
import select
import sys
from collections.abc import Iterator

import pytest

from ipsec_lo_trace.cli.pause import CLEAR, walk
from ipsec_lo_trace.cli.terminal import TextChoice
from ipsec_lo_trace.render.rows import ASCII
from tests.cli.support import ROOT, invoke, ping
from tests.render.support import opened, stored

CHOICE = TextChoice(
    width=80, colour=False, detail="summary", show_bytes="none", quiet=False, assumptions=False, glyphs=ASCII
)


def walked(keys: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Walk through a trace with these keys, and give what is on the screen; too few keys are a failure."""
    pressed = iter(keys)
    walk(opened(stored()), CHOICE, lambda: next(pressed))
    assert next(pressed, "") == ""
    return capsys.readouterr().out.rpartition(CLEAR)[2]


def test_every_row_waits_for_a_key(capsys: pytest.CaptureFixture[str]) -> None:
    """With a key for each of the 22 rows, and one for the end, the text is the whole one."""
    text = walked(" " * 23, capsys)
    assert text.splitlines()[3:42] == ping().lines[3:42]
    assert text.splitlines()[-1] == ping().lines[-1]


def test_quit_stops_behind_the_row(capsys: pytest.CaptureFixture[str]) -> None:
    """After q nothing more is shown."""
    assert walked("  q", capsys).splitlines()[-1].startswith("  3  ipsec4_process_packet")


def test_back_takes_the_last_row_away(capsys: pytest.CaptureFixture[str]) -> None:
    """B shows the screen as it was a row before, and a step forth the row again; the first row stays."""
    assert walked("  bq", capsys).splitlines()[-1].startswith("  2  ip_output")
    assert walked("  b q", capsys).splitlines()[-1].startswith("  3  ipsec4_process_packet")
    assert walked("bbq", capsys).splitlines()[-1].startswith("  1  rip_output")


def test_another_key_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A key that means nothing is waited over."""
    assert walked("xyq", capsys).splitlines()[-1].startswith("  1  rip_output")


def test_without_a_terminal_it_is_refused() -> None:
    """Where nobody can press a key, the message says so: exit 2."""
    done = invoke("ping", "--pause")
    assert (done.code, done.out) == (2, b"")
    assert "--pause waits for keys, and this is no terminal" in done.err


@pytest.mark.parametrize(
    "options", [["-q"], ["--format", "jsonl"], ["-o", "x"], ["--bisect"], ["--detail", "minimal"]]
)
def test_what_leaves_nothing_to_wait_for_is_refused(options: list[str]) -> None:
    """--pause beside an option that shows no rows is a contradiction."""
    done = invoke("ping", "--pause", *options)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--pause" in done.err


@pytest.mark.slow
def test_on_a_terminal() -> None:
    """A real terminal gets a row for each key, and the exit code is the run's."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "ipsec_lo_trace", "ping", "--pause"])  # noqa: S606 -- ours
    shown = "".join(until(terminal, "rip_output"))
    os.write(terminal, b" ")
    shown += "".join(until(terminal, "ip_output"))
    assert "ipsec4_process_packet" not in shown
    os.write(terminal, b"q")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)


def until(terminal: int, words: str) -> Iterator[str]:
    """Yield what a terminal shows, until it shows these words and the rest of their line."""
    seen = ""
    while f"{words} " not in seen or not seen.endswith("\n"):
        assert select.select([terminal], [], [], 60)[0], f"nothing more behind {seen!r}"
        seen += (more := os.read(terminal, 4096).decode())
        yield more
