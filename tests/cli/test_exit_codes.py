"""The exit codes are an interface: a test for each row of their table."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.main import cli, run
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.tracer.tracing import Tracing
from tests.cli.support import COMMAND, environment, invoke, shell


def test_0_for_a_leak() -> None:
    """A leak found by a plain ping is what ping is for: 0."""
    done = invoke("ping", "--unpatched")
    assert done.code == 0
    assert "LEAK (" in done.text


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], ["ping", "--help"]], ids=" ".join)
def test_0_for_help(arguments: list[str]) -> None:
    """Help and version that were asked for go to standard output, and exit 0."""
    done = invoke(*arguments)
    assert (done.code, done.err) == (0, "")
    assert done.out


@pytest.mark.parametrize("expected", ["leak", "stale-out-done"])
def test_0_for_an_expectation_that_is_met(expected: str) -> None:
    """--expect is met by the outcome and by the verdict's code."""
    done = invoke("ping", "--unpatched", "--expect", expected)
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("expected", ["clean", "stale", "lost", "error", "panic", "no-sa", "stale-flag"])
def test_1_for_an_expectation_that_is_not_met(expected: str) -> None:
    """--expect not met exits 1 and says what came instead; the trace is written all the same."""
    done = invoke("ping", "--unpatched", "--expect", expected)
    assert done.code == 1
    assert done.err == f"ipsec-lo-trace: expected {expected}, got leak (stale-out-done)\n"
    assert "LEAK (" in done.text


def test_1_keeps_the_file(tmp_path: Path) -> None:
    """An expectation that is not met is no error: the trace that shows why is in its file."""
    path = tmp_path / "trace"
    assert invoke("ping", "--patched", "--expect", "leak", "-o", str(path)).code == 1
    assert "CLEAN (" in path.read_text(encoding="utf-8")


def test_2_for_trouble() -> None:
    """Usage that cannot be understood exits 2."""
    assert invoke("ping", "--no-such-option").code == 2
    assert invoke("no-such-command").code == 2


def test_help_lists_every_command() -> None:
    """The commands that the help names are those that there are."""
    with cli.make_context("ipsec-lo-trace", ["ping"]) as context:
        names = cli.list_commands(context)
    assert names
    assert all(f"  {name} " in invoke("--help").text for name in names)


def test_2_for_no_command() -> None:
    """Without a command, the help is on standard error, as click has it, and the exit code 2."""
    done = invoke()
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("Usage: ipsec-lo-trace ")
    assert "ping" in done.err


@pytest.mark.parametrize("error", [BrokenInvariantError("stage x did y"), ZeroDivisionError("stage x did y")])
def test_3_for_a_fault_of_ours(error: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A broken invariant, or any exception of our own, exits 3 in one line, and leaves no file."""

    def broken(_self: Tracing) -> Iterator[object]:
        yield from ()
        raise error

    monkeypatch.setattr(Tracing, "stretches", broken)
    for output in ([], ["-o", str(tmp_path / "trace")]):
        done = invoke("ping", *output)
        assert (done.code, done.out) == (3, b"")
        assert done.err.startswith("ipsec-lo-trace: this is a fault of ipsec-lo-trace, please report it: ")
        assert done.err.count("\n") == 1
        assert "stage x did y ('ipsec-lo-trace help faults' says what to send)" in done.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("format_", ["text", "jsonl", "json"])
def test_130_for_an_interrupt(format_: str, tmp_path: Path) -> None:
    """Ctrl-C in a long run exits 130, says nothing, and leaves no half-written file."""
    process = subprocess.Popen(
        [*COMMAND, "ping", "-c", "1000000", "--format", format_, "-o", "trace"],
        cwd=tmp_path,
        env=environment(TMPDIR=str(tmp_path)),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        while process.poll() is None and not _some_bytes(tmp_path, process.pid):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert (process.returncode, out, err) == (130, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_130_in_a_stage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An interrupt in the middle of a stage is an interrupt, not a fault."""

    def interrupted(_self: Tracing) -> Iterator[object]:
        yield from ()
        raise KeyboardInterrupt

    monkeypatch.setattr(Tracing, "stretches", interrupted)
    done = invoke("ping", "-o", str(tmp_path / "trace"))
    assert (done.code, done.out, done.err) == (130, b"", "")
    assert list(tmp_path.iterdir()) == []


def test_141_leaves_standard_output_harmless() -> None:
    """After a closed pipe, what is left in the buffers can be flushed without another error."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed, contextlib.redirect_stdout(closed):
        assert run(["ping"]) == 141
        closed.write("more\n")


def _some_bytes(folder: Path, pid: int) -> bool:
    """Tell whether the process writes: a spool without a name shows in its open files only."""
    if any(path.stat().st_size for path in folder.iterdir()):
        return True
    descriptors = Path(f"/proc/{pid}/fd")
    with contextlib.suppress(OSError):
        return any(
            str(link.readlink()).startswith(str(folder)) and link.stat().st_size
            for link in descriptors.iterdir()
        )
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    "what",
    [
        "ping -c 100",
        "ping -c 100 --detail minimal",
        "ping -c 100 --format jsonl",
        "ping -c 100 --format json",
        "ping -c 100 --color always",
    ],
)
def test_141_for_a_closed_pipe(what: str) -> None:
    """A reader that stops early (head -1) gets its line; the writer exits 141 and says nothing."""
    done = shell(f'{{ $T {what}; echo "code $?" >&2; }} | head -1')
    assert done.err == "code 141\n"
    assert len(done.lines) == 1


@pytest.mark.slow
@pytest.mark.parametrize("what", ["ping", "ping -q", "ping --show-config", "--help", "ping --help"])
def test_141_for_a_reader_that_never_came(what: str) -> None:
    """A short output to a pipe that is closed already exits 141 as well."""
    done = shell(f'{{ sleep 0.2; $T {what}; echo "code $?" >&2; }} | true')
    assert (done.out, done.err) == (b"", "code 141\n")
