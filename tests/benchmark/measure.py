"""Measure programs by the CPU of the finished child, run in turn so that other load hits all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from resource import struct_rusage
from typing import NamedTuple

PYTHON = [sys.executable]
TOOL = [*PYTHON, "-m", "ipsec_lo_trace"]
PAIRS = 5

Command = list[str]


class Side(NamedTuple):
    """A checkout that is measured, and the folder where its runs read and write files."""

    root: Path
    folder: Path


class Group(NamedTuple):
    """Commands that are run in turn, each in its side's folder; ``tell`` makes figures of their seconds."""

    commands: list[Command]
    tell: Callable[..., dict[str, float]]
    pairs: int = PAIRS


def used(command: Command, side: Side) -> struct_rusage:
    """Run a command; return what it used, start-up included."""
    environment = {**os.environ, "PYTHONPATH": str(side.root)}
    # An installed program has its bytecode, as scapy has; the warm-up writes ours.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    process = subprocess.Popen(command, cwd=side.folder, env=environment, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage


def seconds(command: Command, side: Side) -> float:
    """Return the seconds of CPU that one run of a command uses."""
    usage = used(command, side)
    return usage.ru_utime + usage.ru_stime


def medians(commands: Sequence[Command], sides: Sequence[Side], pairs: int = PAIRS) -> list[list[float]]:
    """Run the commands of all sides in turn, ``pairs`` times after a warm-up; return medians in seconds."""
    rounds = [[[seconds(command, side) for command in commands] for side in sides] for _ in range(pairs + 1)]
    return [
        [statistics.median(times) for times in zip(*(one[at] for one in rounds[1:]), strict=True)]
        for at in range(len(sides))
    ]


def peak_kib(command: Command, side: Side) -> int:
    """Return a command's peak resident memory in KiB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "open('peak', 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))"
    )
    # A child's peak counts what its parent was when it forked: a small Python stands between.
    used([*PYTHON, "-c", code, *command], side)
    return int((side.folder / "peak").read_text(encoding="ascii"))
