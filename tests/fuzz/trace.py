"""Fuzz the reader of stored traces, and the views that show what it read."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from random import Random
from typing import IO, Any
from zlib import crc32

import msgspec

from tests.fuzz.engine import fuzz, instrumented, mutate

with instrumented():
    from ipsec_lo_trace.cli.commands import load
    from ipsec_lo_trace.cli.formats import FORMATS, Format
    from ipsec_lo_trace.cli.terminal import TextChoice, text_stream, write_text
    from ipsec_lo_trace.model.errors import UserError
    from ipsec_lo_trace.render.rows import ASCII
    from ipsec_lo_trace.render.store import StoredTrace
    from tests.render.support import stored
    from tests.support import PATCHED

View = Callable[[StoredTrace, IO[bytes]], Any]
ROWS_AT_ONCE = 8
"""How many rows a seed has; small ones are quick to show."""
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
    """Read a trace and show it in some way, or refuse it with our error; the data decide which way."""
    view = VIEWS[crc32(data) % len(VIEWS)]
    try:
        view(StoredTrace(io.BytesIO(data), "f"), io.BytesIO())
    except UserError as error:
        str(error)


def _text(detail: str) -> View:
    choice = TextChoice(
        width=80,
        colour=False,
        detail=detail,
        show_bytes="changed",
        quiet=False,
        assumptions=True,
        glyphs=ASCII,
    )
    return lambda trace, out: write_text(trace, choice, text_stream(out))


def _export(form: Format) -> Iterator[View]:
    write = load(form.writer)
    yield (lambda trace, out: write(trace, None, out)) if form.pair else write
    if form.wire:
        yield load(form.wire)


with instrumented():
    VIEWS = [_text(detail) for detail in ("minimal", "summary", "full")]
    VIEWS += [view for form in FORMATS.values() for view in _export(form)]


def seeds() -> Iterator[bytes]:
    """Yield a few traces whole, and the rows of each a few at a time."""
    for trace in (stored(), stored(PATCHED), stored(proto="ah", mode="tunnel"), stored(size=3000)):
        yield trace
        run, *steps, verdict = trace.splitlines(keepends=True)
        for at in range(0, len(steps), ROWS_AT_ONCE):
            yield b"".join([run, *steps[at : at + ROWS_AT_ONCE], verdict])


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
        change(record, random)
        return msgspec.json.encode(record)
    except (msgspec.MsgspecError, UnicodeError, OverflowError, RecursionError):
        return line


def change(value: Any, random: Random) -> None:  # noqa: ANN401 -- any JSON value
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
