"""Fuzz the reader of stored traces, and the views that show what it read."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from tests.fuzz.engine import fuzz, instrumented, mutate

with instrumented():
    from ipsec_lo_trace.cli.text import TextChoice, ascii_stream, write_text
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.render.store import StoredTrace

DETAILS = ("minimal", "summary", "full")
RUNS = (
    (),
    ("--patched",),
    ("--proto", "ah", "--mode", "tunnel"),
    ("-s", "3000"),
)
ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1 << 63,
    1 << 70,
    1.5,
    "",
    "\0\x1b[m\u0663\ud7ff",
    "esp",
    [],
    {},
    [[]],
    "add",
    "00",
)


def check(data: bytes) -> None:
    """Read a trace and show it in every detail, or refuse it with our error."""
    for detail in DETAILS:
        choice = TextChoice(
            width=80, colour=False, detail=detail, show_bytes="changed", quiet=False, assumptions=True
        )
        try:
            write_text(StoredTrace(io.BytesIO(data), "f"), choice, ascii_stream(io.BytesIO()))
        except UserError as error:
            str(error)


def seeds() -> Iterator[bytes]:
    """Trace a few pings."""
    for options in RUNS:
        command = [sys.executable, "-m", "ipsec_lo_trace", "ping", "-c", "1", "--format", "jsonl", *options]
        yield subprocess.run(command, capture_output=True, check=False).stdout


def mutated(data: bytes, max_len: int, seed: int) -> bytes:
    """Change a value of a record, or lines, or just bytes, which mostly the JSON reader alone sees."""
    random = Random(seed)  # noqa: S311 -- libFuzzer gives the seed
    lines = data.split(b"\n")
    at = random.randrange(len(lines))
    match random.randrange(8):
        case 0:
            return mutate(data, max_len)
        case 1:
            del lines[at]
        case 2:
            lines.insert(at, random.choice(lines))
        case _:
            lines[at] = _changed(lines[at], random)
    return b"\n".join(lines)[:max_len]


def _changed(line: bytes, random: Random) -> bytes:
    try:
        record = msgspec.json.decode(line)
        _change(record, random)
        return msgspec.json.encode(record)
    except (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError):
        return line


def _change(value: Any, random: Random) -> None:  # noqa: ANN401 -- any JSON value
    """Put something odd somewhere into an object or array."""
    while isinstance(value, dict | list) and value:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        place = random.choice(places)
        if not isinstance(value[place], dict | list) or random.random() < 0.2:
            value[place] = random.choice(ODD)
            return
        value = value[place]


if __name__ == "__main__":
    fuzz(check, seeds(), mutated)
