"""How much CPU do the tests use, file by file?

``python -m tests.cpu`` runs first the fast part, then the slow one, each in a process of its own, and prints
for every file the seconds of CPU that its tests used, with the processes that they started.  Measure on a
machine that does nothing else: two busy threads of one core make each other's seconds up to twice as many.
Coverage is left out unless ``--cov`` is among the arguments, which pytest gets.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import pytest

ROOT = Path(__file__).parents[1]
PARTS = {"fast": "not slow and not interop", "slow": "slow and not interop"}
REST = "imports and collection"


class Meter:
    """A plugin for pytest: count the CPU of each file's tests, and print it at the end."""

    def __init__(self) -> None:
        self.files = defaultdict[str, float](float)
        self.tests = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Add what a test uses, fixtures included, to its file."""
        before = used()
        result = yield
        self.files[item.location[0]] += used() - before
        self.tests += 1
        return result

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the files, the dearest first."""
        total = used()
        self.files[REST] = total - sum(self.files.values())
        for file, seconds in sorted(self.files.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{seconds:8.2f} s  {file}")
        terminalreporter.write_line(f"{total:8.2f} s  {self.tests} tests")


def used() -> float:
    """Return the seconds of CPU that this process and its finished children have used."""
    children = getrusage(RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def main(arguments: list[str]) -> int:
    """Measure both parts, and print what each used and what the whole did."""
    seconds = {}
    code = 0
    for part, marks in PARTS.items():
        before = used()
        command = [sys.executable, "-m", "tests.cpu", "--part", "-m", marks, *arguments]
        code |= subprocess.run(command, cwd=ROOT, check=False).returncode
        seconds[part] = used() - before
    for part, cpu in [*seconds.items(), ("whole", sum(seconds.values()))]:
        print(f"{part}: {cpu:.1f} s of CPU")  # noqa: T201 -- its result
    return code


def measure(arguments: list[str]) -> int:
    """Run pytest in this process, with a meter."""
    coverage = "--cov-fail-under=0" if "--cov" in arguments else "--no-cov"
    return pytest.main(["-q", "-n=0", coverage, *arguments], plugins=[Meter()])


if __name__ == "__main__":
    sys.exit(measure(sys.argv[2:]) if sys.argv[1:2] == ["--part"] else main(sys.argv[1:]))
