"""How many slips of the hand in a room would the tests notice?

``python -m tests.mutation --room kernel --sample 400 --seed 1`` draws mutants of the room's files, plants one
at a time in a copy of the project, runs the room's fast tests until one fails, and prints each mutant that
survived.  The same seed draws the same mutants.  ``--at FILE:LINE`` tries all mutants of a line instead.
Two copies are worked in at once; a mutant that uses several times the tests' CPU counts as killed.  What
equivalent.toml lists is counted out, by name.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from tests.mutation.equivalent import named, reasons
from tests.mutation.mutants import Mutant, mutants

ROOT = Path(__file__).parents[2]
PACKAGE = "ipsec_lo_trace"
WORKERS = 2
FAST = ("-m", "not slow and not interop")
TRACES = ("test_golden.py", "test_scenarios.py", "check/test_smoke.py")
"""The cheapest tests, which notice much: they are run first, with those of the room itself."""
NETBSD = ("test_netbsd.py", "test_netbsd_fixes.py", "test_real_runs.py", "second_reading")
RUNS = ("probes", "whatif", "replay", "test_laws.py", "setkey", "test_retest.py", "api")
VIEWS = ("why", "explain", "diff", "audit", "matrix", "sweep", "render", "export/test_texts.py")
ROOMS = {
    "kernel": (*NETBSD, *RUNS, "sweep"),
    "findings": (*VIEWS, *RUNS),
    "machine": ("kernel", *NETBSD, *RUNS, "why"),
}
"""What else is run for each room."""


class Copy:
    """A copy of the project in which mutants are planted."""

    def __init__(self, folder: Path) -> None:
        """Copy the project, and start there what plants mutants and runs tests."""
        self._folder = folder
        for part in (PACKAGE, "tests", "docs"):
            shutil.copytree(
                ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "interop")
            )
        for file in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / file, folder)
        ours = ("PYTHON", "PYTEST", "COV")
        variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.planter"],
            cwd=folder,
            env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, file: str, text: str, tests: tuple[str, ...]) -> tuple[int, str]:
        """Have a file's text be another while the tests run; return pytest's exit code and output."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        right = (self._folder / file).read_text(encoding="utf-8")
        self._process.stdin.write(json.dumps([file, right, text, *FAST, *tests]) + "\n")
        self._process.stdin.flush()
        code, printed = json.loads(self._process.stdout.readline())
        return code, printed

    def close(self) -> None:
        """End the process, which reads to the end of its input."""
        self._process.communicate()


def candidates(room: str) -> list[Mutant]:
    """Make every mutant of a room."""
    files = sorted((ROOT / PACKAGE / room).rglob("*.py"))
    return [mutant for file in files for mutant in mutants(ROOT, file.relative_to(ROOT).as_posix())]


def drawn(options: argparse.Namespace) -> list[Mutant]:
    """Draw the mutants to try: those of the lines that were named, else a sample of the room's."""
    every = candidates(options.room)
    if options.at:
        return [mutant for mutant in every if f"{mutant.file}:{mutant.line}" in options.at]
    return random.Random(options.seed).sample(every, min(options.sample, len(every)))  # noqa: S311


def batteries(room: str) -> list[tuple[str, ...]]:
    """Give the tests of a room, those first that notice most."""
    tests = ROOT / "tests"
    both = ((*TRACES, room), ROOMS[room])
    return [tuple(f"tests/{name}" for name in names if (tests / name).exists()) for names in both]


def outcomes(tried: list[Mutant], room: str) -> Iterator[tuple[Mutant, bool]]:
    """Try mutants, two at a time, and tell of each whether it survived."""
    copies: SimpleQueue[Copy] = SimpleQueue()

    def survived(mutant: Mutant) -> bool:
        copy = copies.get()
        text = mutant.text.decode()
        code = next((code for tests in batteries(room) if (code := copy.run(mutant.file, text, tests)[0])), 0)
        copies.put(copy)
        return not code

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(WORKERS) as pool:
        made = [Copy(Path(folder, str(number))) for number in range(WORKERS)]
        unchanged = (ROOT / tried[0].file).read_text(encoding="utf-8")
        for tests in batteries(room):
            code, printed = made[0].run(tried[0].file, unchanged, tests)
            if code:
                sys.exit(f"the tests fail where nothing is changed:\n{printed}")
        for copy in made:
            copies.put(copy)
        yield from zip(tried, pool.map(survived, tried), strict=True)
        for copy in made:
            copy.close()


def main() -> None:
    """Try the mutants and print who survived, who is counted out, and the score."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--room", choices=ROOMS, required=True)
    parser.add_argument("--sample", type=int, default=100, metavar="N", help="how many mutants to draw (100)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="what to draw them by (1)")
    parser.add_argument("--at", action="append", metavar="FILE:LINE", help="all mutants of this line instead")
    options = parser.parse_args()
    chosen = drawn(options)
    known = reasons()
    tried = [mutant for mutant in chosen if named(mutant) not in known]
    for mutant in chosen:
        if named(mutant) in known:
            print(f"equivalent  {mutant}  ({known[named(mutant)]})")
    if not tried:
        sys.exit("no mutant to try")
    alive = 0
    for number, (mutant, survived) in enumerate(outcomes(tried, options.room), start=1):
        alive += survived
        if survived:
            print(f"survived  {mutant}", flush=True)
        if not number % 50:
            print(f"... {number} tried, {alive} survived", file=sys.stderr, flush=True)
    killed = len(tried) - alive
    print(
        f"{options.room}: {killed} of {len(tried)} killed ({killed / len(tried):.1%}), {alive} survived,"
        f" {len(chosen) - len(tried)} equivalent counted out"
    )


if __name__ == "__main__":
    main()
