"""How fast is a trace, as a ratio against a bare script that does the same work?

``python -m tests.benchmark`` measures and prints; it judges nothing.  Ratios are of medians, runs alternate,
and every run is a whole process, so start-up counts.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXCHANGES = 5000
NAIVE_EXCHANGES = 500
PAIRS = 5

TOOL = [sys.executable, "-m", "ipsec_lo_trace"]
BARE = [sys.executable, "-m", "tests.benchmark.bare"]
NAIVE = [sys.executable, "-m", "tests.benchmark.naive", str(NAIVE_EXCHANGES)]
IMPORTS = [sys.executable, "-c", "import tests.benchmark.naive"]


def seconds(command: list[str]) -> float:
    """Time one run of a command, start-up included."""
    begun = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


def medians(*commands: list[str], pairs: int = PAIRS) -> list[float]:
    """Run the commands in turn, ``pairs`` times after a warm-up; give each one's median in seconds."""
    for command in commands:
        seconds(command)
    runs = [[seconds(command) for command in commands] for _ in range(pairs)]
    return [statistics.median(times) for times in zip(*runs, strict=True)]


def peak_kib(command: list[str]) -> int:
    """Return a command's peak resident memory in KiB."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return int(done.stdout)


def start_up() -> dict[str, float]:
    """Compare --help with an empty Python, and one traced ping with the bare script."""
    empty, help_, bare, ping = medians(
        [sys.executable, "-c", "pass"], [*TOOL, "--help"], BARE, [*TOOL, "ping", "--patched"], pairs=15
    )
    return {
        "--help, ms": help_ * 1000,
        "empty python, ms": empty * 1000,
        "bare script, ms": bare * 1000,
        "one ping, ms": ping * 1000,
        "one ping / bare script": ping / bare,
    }


def exchanges(folder: Path) -> dict[str, float]:
    """Compare traced exchanges a second with scapy's alone, untraced; scapy's start-up is taken off."""
    out = ["--format", "jsonl", "-o", str(folder / "trace.jsonl"), "-c", str(EXCHANGES)]
    unpatched, patched, naive, imports = medians(
        [*TOOL, "ping", *out], [*TOOL, "ping", "--patched", *out], NAIVE, IMPORTS
    )
    naive_rate = NAIVE_EXCHANGES / (naive - imports)
    return {
        "naive scapy, exchanges/s": naive_rate,
        "unpatched, exchanges/s": EXCHANGES / unpatched,
        "patched, exchanges/s": EXCHANGES / patched,
        "unpatched / naive": EXCHANGES / unpatched / naive_rate,
        "patched / naive": EXCHANGES / patched / naive_rate,
    }


def memory(folder: Path) -> dict[str, float]:
    """Compare the peak memory of a long run with that of a short one."""
    out = ["--format", "jsonl", "-o", str(folder / "trace.jsonl"), "-c"]
    short, long = (peak_kib([*TOOL, "ping", *out, str(count)]) for count in (500, 50000))
    return {"-c 500, MiB": short / 1024, "-c 50000, MiB": long / 1024, "-c 50000 / -c 500": long / short}


READ = [
    sys.executable,
    "-c",
    "import sys, json, collections as c; [c.deque(map(json.loads, open(name)), 0) for name in sys.argv[1:]]",
]
"""Reads every line of files, and keeps none."""
DIFF = [
    sys.executable,
    "-c",
    "import sys; from ipsec_lo_trace.cli.main import run; sys.exit(run(['diff', *sys.argv[1:]]) != 1)",
]
"""Compares two files and succeeds if they differ, as the two kernels' traces do."""


def differences(folder: Path) -> dict[str, float]:
    """Compare the difference of two stored traces with json.loads of every line, and with a tenth of it."""
    one, few, many = (
        [_stored(folder, kernel, count) for kernel in ("--unpatched", "--patched")]
        for count in (1, 1000, 10000)
    )
    start, short, long, read = medians([*DIFF, *one], [*DIFF, *few], [*DIFF, *many], [*READ, *many])
    return {
        "diff, 1,000 echoes, s": short,
        "diff, 10,000 echoes, s": long,
        "json.loads of each line, s": read,
        "diff / json.loads": long / read,
        "diff, growth / 10": (long - start) / (short - start) / 10,
    }


def _stored(folder: Path, kernel: str, count: int) -> str:
    """Store a trace; give its path."""
    path = str(folder / f"{kernel}{count}.jsonl")
    seconds([*TOOL, "ping", kernel, "-c", str(count), "--format", "jsonl", "-o", path])
    return path


def main() -> None:
    """Measure everything and print it, a figure a line."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # An installed program has its bytecode, as scapy has; the warm-up writes ours.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        figures = start_up() | exchanges(Path(name)) | memory(Path(name)) | differences(Path(name))
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors")
    for what, value in figures.items():
        print(f"{what:28} {value:10.2f}")


if __name__ == "__main__":
    main()
