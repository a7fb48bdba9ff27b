"""Run the commands that the documentation shows, in-process where they are ours."""
# ruff: noqa: INP001 -- beside the pages, not in a package

from __future__ import annotations

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ipsec_lo_trace.cli.main import run as run_command_line

PROGRAM = "ipsec-lo-trace"
ENVIRONMENT = {
    "COLUMNS": "80",
    "NO_COLOR": "1",
    "FORCE_COLOR": "",
    "CLICOLOR_FORCE": "",
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm",
}


def run(line: str, folder: Path) -> tuple[int, str]:
    """Run a command line in a folder; give its exit code and all that it prints."""
    arguments = shlex.split(line)
    if arguments[0] != PROGRAM:
        return run_by_shell(line, folder)
    printed = io.BytesIO()
    kept = Path.cwd(), dict(os.environ), sys.stdout, sys.stderr
    os.chdir(folder)
    os.environ.update(ENVIRONMENT)
    sys.stdout, sys.stderr = (io.TextIOWrapper(printed, "utf-8", write_through=True) for _ in range(2))
    try:
        code = run_command_line(arguments[1:])
        sys.stdout.flush()
        return code, printed.getvalue().decode()
    finally:
        os.chdir(kept[0])
        os.environ.clear()
        os.environ.update(kept[1])
        sys.stdout, sys.stderr = kept[2:]


def run_by_shell(line: str, folder: Path) -> tuple[int, str]:
    """Run a line that begins with another program, which may hand over to ours by a pipe."""
    beside_python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 -- the lines stand in our own pages
        ["/bin/sh", "-c", line],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT, "PATH": beside_python},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def console(commands: Iterable[str], folder: Path) -> Iterator[str]:
    """Yield a console block's lines; ``$ echo $?`` tells the exit code of the command above it."""
    code = 0
    for line in commands:
        yield f"$ {line}"
        if line == "echo $?":
            yield str(code)
            continue
        code, printed = run(line, folder)
        yield from printed.splitlines()
