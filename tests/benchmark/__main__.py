"""How fast is a trace, as a ratio against a bare script that does the same work, and what grows with what?

``python -m tests.benchmark`` measures and prints; it judges nothing.  Seconds are CPU of the finished child,
start-up included; ratios are of medians, and runs alternate.  "At the margin" is what a run five times as
long takes longer.  ``--against DIR`` measures another checkout in the same turns: begin with a copy of this
one, to see what differs without a cause.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmark.configs import with_associations, with_policies
from tests.benchmark.measure import PYTHON, TOOL, Command, Group, Side, medians, peak_kib, seconds, used

ROOT = Path(__file__).parents[2]
FEW, MANY = 2000, 10000
NAIVE_EXCHANGES = 500
POLICIES, POLICY_EXCHANGES = 10000, 200
ASSOCIATIONS = 3000

BARE = [*PYTHON, "-m", "tests.benchmark.bare"]
NAIVE = [*PYTHON, "-m", "tests.benchmark.naive", str(NAIVE_EXCHANGES)]
IMPORTS = [*PYTHON, "-c", "import tests.benchmark.naive"]
READ = [
    *PYTHON,
    "-c",
    "import sys, json, collections as c; [c.deque(map(json.loads, open(name)), 0) for name in sys.argv[1:]]",
]
"""Reads every line of files, and keeps none."""
DECODE = [
    *PYTHON,
    "-c",
    """\
import collections, msgspec, sys
from ipsec_lo_trace.model.trace import Record
collections.deque(map(msgspec.json.Decoder(Record).decode, open(sys.argv[1], "rb")), 0)
""",
]
"""Decodes every record of a trace, and keeps none."""
DIFF = [
    *PYTHON,
    "-c",
    "import sys; from ipsec_lo_trace.cli.main import run; sys.exit(run(['diff', *sys.argv[1:]]) != 1)",
]
"""Compares two files and succeeds if they differ, as the two kernels' traces do."""
SWEEPS = [*PYTHON, str(Path(__file__).with_name("sweeps.py"))]
CASES = (20, 300)
OUT = ["--format", "jsonl", "-o", "out.jsonl"]
UNPATCHED, PATCHED = "--unpatched", "--patched"


def start_up(empty: float, help_: float, bare: float, ping: float) -> dict[str, float]:
    """Compare --help with an empty Python, and one traced ping with the bare script."""
    return {
        "--help, ms": help_ * 1000,
        "empty python, ms": empty * 1000,
        "bare script, ms": bare * 1000,
        "one ping, ms": ping * 1000,
        "one ping / bare script": ping / bare,
    }


def exchanges(naive: float, imports: float, *runs: float) -> dict[str, float]:
    """Tell what a traced exchange takes at the margin, against scapy's alone, untraced."""
    bare = (naive - imports) / NAIVE_EXCHANGES
    found = {"naive scapy, ms": bare * 1000}
    for kernel, few, many in zip(("unpatched", "patched"), runs[::2], runs[1::2], strict=True):
        each = (many - few) / (MANY - FEW)
        found |= {f"{kernel}, at the margin, ms": each * 1000, f"{kernel} / naive": each / bare}
    return found


def texts(*runs: float) -> dict[str, float]:
    """Compare text with JSON Lines, and showing a stored trace with decoding it alone, at the margin."""
    jsonl, text, show, decode = [many - few for few, many in zip(runs[::2], runs[1::2], strict=True)]
    return {"text / jsonl": text / jsonl, "show / decoding": show / decode}


def policies(*runs: float) -> dict[str, float]:
    """Compare exchanges under many policies with those under one; loading them is taken off."""
    one, many = (long - short for short, long in zip(runs[::2], runs[1::2], strict=True))
    return {
        f"exchange, {POLICIES} policies, ms": many / (POLICY_EXCHANGES - 1) * 1000,
        f"{POLICIES} policies / one": many / one,
    }


def associations(one: float, half: float, whole: float) -> dict[str, float]:
    """Tell how the time to load SAs grows: 1 if it is linear; start-up is taken off."""
    return {
        f"{2 * ASSOCIATIONS} SAs, s": whole - one,
        "SAs, growth / 2": (whole - one) / (half - one) / 2,
    }


def differences(start: float, short: float, long: float, read: float) -> dict[str, float]:
    """Compare the difference of two stored traces with json.loads of every line, and with a tenth of it."""
    return {
        "diff, 1,000 echoes, s": short,
        "diff, 10,000 echoes, s": long,
        "diff / json.loads": long / read,
        "diff, growth / 10": (long - start) / (short - start) / 10,
    }


def sweeps(few: float, many: float) -> dict[str, float]:
    """Tell how many cases a sweep runs in a second of CPU, under every fix."""
    return {"sweep, cases a second": (CASES[1] - CASES[0]) / (many - few)}


def pings(*options: str) -> list[Command]:
    """Return a run of few echoes and one of five times as many."""
    return [[*TOOL, "ping", *options, "-c", str(count)] for count in (FEW, MANY)]


def stored(kernel: str, count: int) -> str:
    """Name a stored trace."""
    return f"{kernel.strip('-')}{count}.jsonl"


def groups() -> Iterator[Group]:
    """Yield what is measured."""
    start = [[*PYTHON, "-c", "pass"], [*TOOL, "--help"], BARE, [*TOOL, "ping", PATCHED]]
    yield Group(start, start_up, pairs=15)
    yield Group([NAIVE, IMPORTS, *pings(*OUT), *pings(PATCHED, *OUT)], exchanges)
    files = [stored(UNPATCHED, count) for count in (FEW, MANY)]
    views = [[*command, file] for command in ([*TOOL, "show"], DECODE) for file in files]
    yield Group([*pings(*OUT), *pings(), *views], texts, pairs=3)
    few = [
        [*TOOL, "ping", "-f", name, *OUT, "-c", str(count)]
        for name in ("policies1.conf", f"policies{POLICIES}.conf")
        for count in (1, POLICY_EXCHANGES)
    ]
    yield Group(few, policies)
    sizes = (1, ASSOCIATIONS, 2 * ASSOCIATIONS)
    yield Group([[*TOOL, "ping", "-f", f"sas{size}.conf", *OUT] for size in sizes], associations)
    pairs = [[stored(kernel, count) for kernel in (UNPATCHED, PATCHED)] for count in (1, 1000, MANY)]
    yield Group([*([*DIFF, *pair] for pair in pairs), [*READ, *pairs[-1]]], differences)
    cases = [[*TOOL, "sweep", "--seed", "3", "--cases", str(count), "-q", *OUT] for count in CASES]
    yield Group(cases, sweeps)


def prepare(side: Side) -> None:
    """Write the files that the commands read: configurations, and traces in the checkout's own schema."""
    for count in (1, POLICIES):
        _write(side, f"policies{count}.conf", with_policies(count))
    for count in (1, ASSOCIATIONS, 2 * ASSOCIATIONS):
        _write(side, f"sas{count}.conf", with_associations(count))
    for kernel in (UNPATCHED, PATCHED):
        for count in (1, 1000, FEW, MANY):
            out = ["--format", "jsonl", "-o", stored(kernel, count)]
            seconds([*TOOL, "ping", kernel, "-c", str(count), *out], side)


def _write(side: Side, name: str, text: str) -> None:
    (side.folder / name).write_text(text, encoding="ascii")


def memory(side: Side) -> dict[str, float]:
    """Compare the peak memory of a long run with that of a short one."""
    short, long = (peak_kib([*TOOL, "ping", *OUT, "-c", str(count)], side) for count in (500, 50000))
    return {"-c 500, MiB": short / 1024, "-c 50000, MiB": long / 1024, "-c 50000 / -c 500": long / short}


def growth(side: Side) -> dict[str, float]:
    """Tell how much longer a sweep's cases take after 10,000 others than before them: 1 if nothing grows."""
    used(SWEEPS, side)
    first, again = json.loads((side.folder / "sweep.json").read_text(encoding="ascii"))
    return {"sweep, after 10,000 cases / first": again / first}


def figures(sides: list[Side]) -> Iterator[tuple[str, list[float]]]:
    """Yield each figure's name, and its value for each checkout."""
    for side in sides:
        prepare(side)
    for group in groups():
        told = [group.tell(*times) for times in medians(group.commands, sides, group.pairs)]
        for name in told[0]:
            yield name, [values[name] for values in told]
    for measured in (growth, memory):
        told = [measured(side) for side in sides]
        for name in told[0]:
            yield name, [values[name] for values in told]


@contextmanager
def opened(roots: list[Path]) -> Iterator[list[Side]]:
    """Give each checkout a folder for its files, for as long as they are measured."""
    with tempfile.TemporaryDirectory() as name:
        sides = [Side(root, Path(name) / str(number)) for number, root in enumerate(roots)]
        for side in sides:
            side.folder.mkdir()
        yield sides


def main() -> None:
    """Measure everything and print it, a figure a line."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark")
    parser.add_argument("--against", metavar="DIR", type=Path, help="another checkout to measure in turn")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    roots = [ROOT, options.against.resolve()] if options.against else [ROOT]
    with opened(roots) as sides:
        if options.json:
            print(json.dumps(dict(figures(sides))))
            return
        print(f"python {sys.version.split()[0]}, {os.cpu_count()} processors")
        for name, values in figures(sides):
            ratio = f" {values[0] / values[1]:9.3f}" if len(values) > 1 else ""
            print(f"{name:34}" + "".join(f" {value:10.2f}" for value in values) + ratio, flush=True)


if __name__ == "__main__":
    main()
