"""Run the command line: inside this process for speed, or as a process of its own where that matters."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ipsec_lo_trace.cli.main import run

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "ipsec_lo_trace"]
VARIABLES = ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TERM")
"""What of the environment could change a text."""


@dataclass(frozen=True)
class Done:
    """What a run left: its exit code and what it wrote."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """Standard output as ASCII, which all of it must be."""
        return self.out.decode("ascii")

    @property
    def lines(self) -> list[str]:
        """Standard output's lines."""
        return self.text.splitlines()

    @property
    def records(self) -> list[Any]:
        """Standard output as JSON Lines."""
        return [json.loads(line) for line in self.lines]


def invoke(*arguments: str) -> Done:
    """Run the command line in this process."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    err = io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
        out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return Done(code, out.buffer.getvalue(), err.getvalue())


def ping(*arguments: str) -> Done:
    """Run ``ipsec-lo-trace ping`` in this process; nothing may be said on standard error."""
    done = invoke("ping", *arguments)
    assert (done.code, done.err) == (0, "")
    return done


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without what changes texts, and with ``variables``."""
    rest = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return rest | {"PYTHONPATH": str(ROOT)} | variables


def spawn(*arguments: str, cwd: Path = ROOT, **variables: str) -> Done:
    """Run the command line as a process of its own."""
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**variables), capture_output=True, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def shell(script: str, **variables: str) -> Done:
    """Run a shell script in which ``$T`` is the command line."""
    done = subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=ROOT,
        env=environment(T=" ".join(COMMAND), **variables),
        capture_output=True,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr.decode())


def assert_refused(done: Done, *words: str) -> None:
    """Check that bad input got one message, exit code 2, and nothing on standard output."""
    assert done.code == 2, done
    assert done.out == b""
    assert done.err.startswith("ipsec-lo-trace: ")
    assert done.err.count("\n") == 1
    assert done.err.endswith("\n")
    for word in words:
        assert word in done.err
