"""A long run needs no more memory than a short one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.support import COMMAND, ROOT, environment

MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], check=False).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(count: int, path: Path) -> int:
    """Return the peak memory of a run, in the system's units."""
    command = [*COMMAND, "ping", "-c", str(count), "--format", "jsonl", "-o", str(path)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, memory = done.stdout.split()
    assert code == "0", done.stderr
    return int(memory)


@pytest.mark.slow
def test_peak_memory(tmp_path: Path) -> None:
    """Ten times the requests need at most 1.1 times the memory, and the trace is whole."""
    short, long = (peak(count, tmp_path / str(count)) for count in (150, 1500))
    assert long <= 1.1 * short
    last = (tmp_path / "1500").read_bytes().splitlines()[-1]
    verdict = json.loads(last)
    assert (verdict["received"], len(verdict["lo0"])) == (1500, 3000)
