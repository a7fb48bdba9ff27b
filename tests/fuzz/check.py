"""Fuzz the reader of check files, up to where a check would be run."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from tests.fuzz.engine import fuzz, instrumented, mutate
from tests.fuzz.trace import change

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

with instrumented():
    from ipsec_lo_trace.cli.checking.command import asked
    from ipsec_lo_trace.cli.checking.files import BUILTIN
    from ipsec_lo_trace.cli.checking.text import golden_check
    from ipsec_lo_trace.cli.checking.toml import places, toml_checks
    from ipsec_lo_trace.model.errors import UserError

T = TypeVar("T")
GOLDEN = Path(__file__).parents[1] / "golden"
FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-check-"))
"""Where a check's minimal trace would be: nothing is there."""
SETUP = """\
# A check of every key.
[[check]]
name = "one"
setup = { count = 3, pattern = "ff", fix = "patched", settings = { maskrepl = "0" }, local = ["10.9.9.1"] }
outcome = "clean"
code = "clean"
ping = "ok"
errno = ""
lo0 = ["esp:2001#1", "icmp"]
counters_only = true
minimal = 'one.txt'
[check.counters]
"icps_inhist[8]" = 0x1
ips_total = 2
"""


def check(data: bytes) -> None:
    """Read a check file of either kind, fresh or not: it is refused with our error, or could be run."""
    text = data.decode("utf-8", "replace")
    places(text)
    for fresh in (False, True):
        checks = _ours(partial(toml_checks, text, FOLDER / "a.toml", "a.toml", fresh=fresh)) or []
        golden = _ours(partial(golden_check, text, FOLDER / "a.txt", "a.txt", fresh=fresh))
        for each in [*checks, *([golden] if golden else [])]:
            _ours(partial(asked, each))


def _ours(read: Callable[[], T]) -> T | None:
    """Read something; None if it is refused with our error."""
    try:
        return read()
    except UserError as error:
        str(error)
        return None


def seeds() -> Iterator[bytes]:
    """Yield the smoke set whole and a check at a time, one with every key, and golden files."""
    smoke = BUILTIN.read_bytes()
    yield smoke
    for table in smoke.split(b"[[check]]")[1:]:
        yield b"[[check]]" + table
    yield SETUP.encode()
    for path in sorted(GOLDEN.glob("*.txt"))[:4]:
        yield path.read_bytes()


def mutated(data: bytes, max_len: int, seed: int) -> bytes:
    """Change a value of a check, or just bytes, which mostly the TOML reader alone sees."""
    random = Random(seed)  # noqa: S311 -- libFuzzer gives the seed
    if random.random() < 0.5:
        return mutate(data, max_len)
    try:
        document = tomllib.loads(data.decode())
        change(document, random)
        tables = [table for table in document["check"] if isinstance(table, dict)]
        return "".join(map(_table, tables)).encode()[:max_len]
    except (ValueError, TypeError, KeyError, RecursionError):
        return mutate(data, max_len)


def _table(table: dict[str, Any]) -> str:
    return "[[check]]\n" + "".join(f"{json.dumps(key)} = {_value(value)}\n" for key, value in table.items())


def _value(value: Any) -> str:  # noqa: ANN401 -- any TOML value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {_value(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value)


if __name__ == "__main__":
    fuzz(check, seeds(), mutated)
