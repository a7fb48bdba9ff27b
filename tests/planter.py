"""Plant faults in the project in which this runs, and see whether a test notices.

``python -m tests.planter``, started in a copy of the project, reads a line of JSON for each fault: the file,
what stands there, what shall stand there, and what pytest is to run.  It answers with the exit code of pytest
and what pytest printed.  Each fault has a process of its own, forked from this one, which has loaded whatever
is not the project's: loading that anew for every fault would be most of the work.  A fault that has its
process use too much CPU or memory ends it: the code is then a signal's, or that of a failed test.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from resource import RLIMIT_AS, RLIMIT_CPU, setrlimit

import click  # noqa: F401 -- loaded for the processes that are forked, as are those below
import hypothesis.strategies  # noqa: F401
import msgspec  # noqa: F401
import pytest
import rich.console  # noqa: F401
import scapy.layers.inet
import scapy.layers.ipsec  # noqa: F401

OPTIONS = ("-q", "-x", "--override-ini=addopts=", "-p", "no:cacheprovider")
CPU, MEMORY = 600, 1 << 30
"""The seconds and bytes that a fault's process may use: several times what the tests need."""


def tried(number: int, file: str, right: str, wrong: str, *tests: str) -> tuple[int, str]:
    """Plant a fault, run the tests, and take the fault away; return pytest's exit code and output."""
    place = Path(file)
    text, times = place.read_text(encoding="utf-8"), place.stat()
    place.write_text(text.replace(right, wrong), encoding="utf-8")
    # A time of its own: two faults of one length in one second would share their compiled file.
    os.utime(place, (number, number))
    try:
        return forked(*tests)
    finally:
        place.write_text(text, encoding="utf-8")
        os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))


def forked(*tests: str) -> tuple[int, str]:
    """Run tests in a fork of this process."""
    with tempfile.TemporaryFile() as printed:
        child = os.fork()
        if child == 0:
            os.dup2(printed.fileno(), 1)
            os.dup2(printed.fileno(), 2)
            setrlimit(RLIMIT_CPU, (CPU, CPU))
            setrlimit(RLIMIT_AS, (MEMORY, MEMORY))
            code = pytest.main([*OPTIONS, *tests])
            sys.stdout.flush()
            os._exit(code)
        _, status = os.waitpid(child, 0)
        printed.seek(0)
        return os.waitstatus_to_exitcode(status), printed.read().decode()


def main() -> None:
    """Answer every line."""
    for number, line in enumerate(sys.stdin, start=1):
        print(json.dumps(tried(number, *json.loads(line))), flush=True)  # noqa: T201 -- its answer


if __name__ == "__main__":
    main()
