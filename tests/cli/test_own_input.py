"""Is an input safe from -o, and does a closed standard output get its one message?"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.main import run
from tests.support import SCENARIOS


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Store an unpatched trace."""
    stored = tmp_path / "trace.jsonl"
    assert run(["ping", "--unpatched", "--format", "jsonl", "-o", str(stored)]) == 0
    return stored


@pytest.mark.parametrize(
    "command",
    [["show", "{}"], ["diff", "{}", "{}"], ["why", "effect", "{}"], ["check", "{}"], ["ping", "-f", "{}"]],
)
def test_an_output_that_is_an_input_is_refused(
    command: list[str], trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Writing to a file that is read is refused before anything happens to it: exit 2."""
    before = trace.read_bytes()
    link = trace.with_name("link")
    link.symlink_to(trace)
    assert run([word.format(trace) for word in command] + ["-o", str(link)]) == 2
    assert "-o names a file that is read" in capsys.readouterr().err
    assert trace.read_bytes() == before


def test_the_first_row_shown_says_all_that_its_packet_bears(
    trace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the rows before it filtered out, the row of the cause still shows its stale marks."""
    assert run(["show", str(trace), "--rows", "16,20"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "16 icmp_reflect : : : ICMP 84 CAUSE 3 marks stay, now STALE" in shown
    assert "20 ip_input : : ! ICMP 84" in shown


@pytest.mark.slow
@pytest.mark.parametrize("command", ["diff", "why effect", "explain", "ping", "ping --bisect", "check"])
def test_a_closed_standard_output_is_the_users_trouble(command: str) -> None:
    """Every command that has nowhere to write exits 2 with one message, and blames nobody else."""
    script = f"exec {sys.executable} -m ipsec_lo_trace {command} >&-"
    done = subprocess.run(["/bin/sh", "-c", script], stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "cannot write standard output: it is closed" in done.stderr


def test_a_cut_that_deleted_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """--drop-mark at a stage that the packet never came to, or did not leave with the mark, is told."""
    options = ["--drop-mark", "OUT_DONE@ah_output", "--drop-mark", "OUT_DONE@looutput"]
    assert run(["ping", "-q", "-f", str(SCENARIOS / "lo-esp.conf"), *options]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        "ipsec-lo-trace: --drop-mark OUT_DONE@ah_output deleted nothing: "
        "no packet came out of that stage bearing it"
    )
