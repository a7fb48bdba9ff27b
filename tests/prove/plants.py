"""Would the claims of the proofs notice a wrong stage?

``python -m tests.prove.plants`` plants each fault of plants.toml in a copy of the project, runs the samples
of expected.py there until a line differs from expected.txt, and prints which claims' lines do, and the score.
``--every N`` tries every Nth fault, ``--only TEXT`` those whose description has that text, ``-j N`` so many
at a time.  A fault that makes the run itself fail, or take too much CPU, counts as noticed, and is counted
separately too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("plants.toml")
KERNEL = "ipsec_lo_trace/kernel/"
TEST = "tests/prove/test_expected.py::test_the_claims_come_to_what_is_on_file"
CHANGED = re.compile(r"AssertionError: changed: (.+)")
RAISED = re.compile(r"^E +([\w.]+(?:Error|Exception|Exit)\b.*)", re.MULTILINE)


class Plant(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A fault; see plants.toml."""

    does: str
    file: str
    right: str
    wrong: str
    unseen: str = ""
    equivalent: str = ""


class Found(NamedTuple):
    """What became of a fault: "claims" where lines differ, "raised" where the run failed, or "missed"."""

    how: str
    text: str


def plants() -> list[Plant]:
    """Read the faults."""
    return msgspec.convert(tomllib.loads(LIST.read_text(encoding="utf-8"))["plant"], list[Plant])


def counted() -> list[Plant]:
    """Return the faults that count: those that change something in some host."""
    return [plant for plant in plants() if not plant.equivalent]


class Planter:
    """A copy of the project in which faults are planted."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Talk to the process that plants them there."""
        self._process = process

    def tried(self, plant: Plant) -> Found:
        """Plant a fault, and see what the samples come to."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = [KERNEL + plant.file, plant.right, plant.wrong, TEST]
        self._process.stdin.write(f"{json.dumps(asked)}\n")
        self._process.stdin.flush()
        return found(*json.loads(self._process.stdout.readline()))


def found(code: int, printed: str) -> Found:
    """Read what pytest made of a fault."""
    if code == pytest.ExitCode.OK:
        return Found("missed", "")
    changed = CHANGED.search(printed)
    if changed is not None:
        return Found("claims", changed[1])
    if code < 0:
        return Found("raised", f"ended by signal {-code}")
    raised = RAISED.search(printed)
    if raised is None:
        sys.exit(f"pytest ended with {code}:\n{printed}")
    return Found("raised", raised[1])


@contextmanager
def planter(folder: Path) -> Iterator[Planter]:
    """Copy the project to a folder, and start there what plants faults."""
    for part in ("ipsec_lo_trace", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "interop")
        shutil.copytree(ROOT / part, folder / part, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    ours = ("PYTHON", "PYTEST", "COV")
    variables = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.planter"],
        cwd=folder,
        env={**variables, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield Planter(process)


def _tried(share: list[Plant]) -> Counter[str]:
    """Try some faults in a copy of their own; count what became of them, and print it as it comes."""
    how = Counter[str]()
    with tempfile.TemporaryDirectory() as folder, planter(Path(folder)) as copy:
        for plant in share:
            came = Found("equivalent", plant.equivalent) if plant.equivalent else copy.tried(plant)
            how[came.how] += 1
            print(f"{came.how:10}  {plant.does}  [{came.text or plant.unseen}]", flush=True)
    return how


def main() -> None:
    """Try the faults, and print what became of each, and the score."""
    parser = argparse.ArgumentParser(prog="python -m tests.prove.plants", description=__doc__.splitlines()[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="try every Nth fault only")
    parser.add_argument("--only", default="", metavar="TEXT", help="try those whose description has TEXT")
    parser.add_argument("-j", "--jobs", type=int, default=1, metavar="N", help="try N at a time")
    options = parser.parse_args()
    chosen = [plant for plant in plants()[:: options.every] if options.only in plant.does]
    how = Counter[str]()
    with ThreadPoolExecutor(options.jobs) as threads:
        shares = [chosen[at :: options.jobs] for at in range(options.jobs)]
        for came in threads.map(_tried, shares):
            how += came
    noticed, tried = how["claims"] + how["raised"], len(chosen) - how["equivalent"]
    print(
        f"{noticed} of {tried} noticed ({noticed / max(tried, 1):.1%}): {how['claims']} by a claim,"
        f" {how['raised']} by a run that failed; {how['missed']} missed,"
        f" {how['equivalent']} equivalent not counted"
    )


if __name__ == "__main__":
    main()
