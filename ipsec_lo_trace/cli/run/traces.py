"""Traces by name: stored ones, and ``@NAME``, a run on the spot under the fix of that name; and writing them.

Reading a trace needs neither scapy nor cryptography.
"""

from __future__ import annotations

import copy
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from ipsec_lo_trace.cli.exits import EXIT_NOT_MET
from ipsec_lo_trace.cli.files import complain, output
from ipsec_lo_trace.cli.progress import Told, progress
from ipsec_lo_trace.fixes.fix import Fix, find_fix, fix_names
from ipsec_lo_trace.model.codes import CODES, OUTCOMES, UNASKED, is_met
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.orders import Ending
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.suggest import did_you_mean, hint, likely, listed, same
from ipsec_lo_trace.model.trace import Record, Step, Verdict
from ipsec_lo_trace.render.dump import Dissect
from ipsec_lo_trace.render.recognise import as_json_lines
from ipsec_lo_trace.render.store import IN_MEMORY_BYTES, StoredTrace, spool

if TYPE_CHECKING:
    from ipsec_lo_trace.tracer.tracing import Tracing

STDIN = "-"
STDIN_NAME = "standard input"

BUFFER_BYTES = 1 << 18
"""Bytes that are copied at once."""


@contextmanager
def opened(path: str) -> Iterator[StoredTrace]:
    """Open a stored trace, ``-`` for standard input; UserError if it cannot be read or is no trace."""
    name = STDIN_NAME if path == STDIN else path
    with seekable(path) as opened_, closing(as_json_lines(opened_, name)) as lines:
        yield StoredTrace(lines, name)


@contextmanager
def seekable(path: str) -> Iterator[IO[bytes]]:
    """Open a file so that it can be read more than once; UserError if it cannot be read.

    What can be read only once (a pipe) is copied first.
    """
    try:
        lines = _lines(path)
    except (OSError, ValueError) as error:
        name = STDIN_NAME if path == STDIN else path
        raise unreadable(name, error) from None
    with lines:
        yield lines


def _lines(path: str) -> IO[bytes]:
    if path == STDIN:
        if getattr(sys.stdin, "buffer", None) is None:
            raise ValueError("it is closed")
        return _copied(sys.stdin.buffer)
    lines = Path(path).open("rb")  # noqa: SIM115 -- closed by seekable()
    if lines.seekable():
        return lines
    with lines:
        return _copied(lines)


def _copied(source: IO[bytes]) -> IO[bytes]:
    copy = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed by seekable()
    try:
        shutil.copyfileobj(source, copy, BUFFER_BYTES)
        copy.seek(0)
    except BaseException:
        copy.close()
        raise
    return copy


@contextmanager
def whole_output(path: str) -> Iterator[IO[bytes]]:
    """Gather what is written and put it out at the end: a fault in a trace's middle leaves no half a text."""
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as gathered:
        with progress("reading the rows"):
            yield gathered
        gathered.seek(0)
        with output(path) as out:
            shutil.copyfileobj(gathered, out, BUFFER_BYTES)


ON_THE_SPOT = "@"
LAYERS = "layers"
"""What --bytes calls packets that are shown by layers."""


def fix_named(name: str) -> Fix | None:
    """Find the fix behind ``@NAME``; None for a stored trace, UserError if there is none of that name."""
    if not name.startswith(ON_THE_SPOT):
        return None
    wanted = name.removeprefix(ON_THE_SPOT)
    found = find_fix(wanted)
    if found is None:
        near = [ON_THE_SPOT + kernel for kernel in likely(wanted, fix_names())]
        hint = did_you_mean(near) or f"{listed('fixes')}, as {ON_THE_SPOT}patched"
        raise UserError(f"{name}: no such fix", hint=f"{hint}; a file of that name is ./{name}")
    return found


def read_configuration(setup: Setup, *, to_run: bool = True) -> Configuration:
    """Read the configuration, once: it may come from standard input, and its notes go to stderr.

    So does, if it is ``to_run``, that a file has no policy about the ends of the run.
    """
    from ipsec_lo_trace.tracer.setup import configuration  # noqa: PLC0415 -- loads what stored traces do without

    read = configuration(setup)
    for note in read.notes:
        complain(note)
    if to_run and setup.file is not None:
        _tell_ends(setup, read, STDIN_NAME if setup.file == STDIN else setup.file)
    return read


def _tell_ends(setup: Setup, read: Configuration, name: str) -> None:
    """Say that no policy is about the ends of the run, and what to type for those of the first."""
    from ipsec_lo_trace.tracer.ends import beside_the_point, first_pair  # noqa: PLC0415 -- as above

    told = beside_the_point(setup, read.db)
    pair = first_pair(read.db) if told and setup.ends != "auto" else None
    given = [option for option, end in (("HOST", setup.host), ("-I", setup.source)) if end is not None]
    instead = f" instead of {' and '.join(given)}" if given else ""
    hint = f" (--ends auto{instead} takes those of the first: {pair[0]} to {pair[1]})" if pair else ""
    if told:
        complain(f"{name}: {told}{hint}")


@contextmanager
def trace_named(
    name: str, fix: Fix | None, setup: Setup, read: Configuration | None
) -> Iterator[StoredTrace]:
    """Open a stored trace, or run it on a copy of the configuration: a run changes its SAs."""
    if fix is None or read is None:
        with opened(name) as trace:
            yield trace
        return
    from ipsec_lo_trace.tracer.setup import planned  # noqa: PLC0415 -- as above
    from ipsec_lo_trace.tracer.tracing import Tracing  # noqa: PLC0415

    plan = planned(msgspec.structs.replace(setup, fix=fix.name), read, chosen=name)
    tracing = Tracing(plan, copy.deepcopy(read))
    with closing(tracing.crossings), counted(tracing) as stretches:
        trace = spool(stretches, tracing.crossings.lines())
    trace.name = name
    with closing(trace):
        yield trace


@contextmanager
def counted(tracing: Tracing) -> Iterator[Iterable[Sequence[Record]]]:
    """Give a run's records, with its requests counted for those who wait."""
    with progress("requests", tracing.run.requests) as told:
        yield tracing.stretches() if told is None else _counting(tracing.stretches(), told)


def _counting(stretches: Iterable[Sequence[Record]], told: Told) -> Iterator[Sequence[Record]]:
    for records in stretches:
        yield records
        if records and isinstance(last := records[-1], Step):
            told(last.echo)


@contextmanager
def one_trace(name: str, setup: Setup) -> Iterator[StoredTrace]:
    """Open a stored trace, or run what ``@NAME`` says."""
    fix = fix_named(name)
    read = read_configuration(setup) if fix is not None else None
    with trace_named(name, fix, setup, read) as trace:
        yield trace


def expectation(expect: str | None) -> str | None:
    """Return the outcome or code that --expect names, in any case; UserError if there is none."""
    if expect is None:
        return None
    names = dict.fromkeys((*OUTCOMES, *sorted(CODES)))
    known = same(expect, names)
    if not known:
        where = f"outcomes: {', '.join(OUTCOMES)}; codes: {listed('codes')}"
        reason = f"--expect {expect}: neither an outcome nor a code"
        raise UserError(reason, hint=hint(expect, list(names), where))
    return known


def dissector(keys: Sequence[SecurityAssociation]) -> Dissect:
    """Return what lists a packet's layers, with the keys that open its ESP."""
    from ipsec_lo_trace.wire.layers import layers  # noqa: PLC0415 -- loads scapy, for layers alone

    return partial(layers, keys=keys)


def as_expected(expect: str | None, verdict: Verdict | Ending) -> int:
    """Give the exit code: 1 if the verdict is not what --expect says."""
    if expect is None or is_met(expect, verdict.outcome, verdict.code):
        return 0
    hint = f" (--expect {UNASKED} is met by that)" if verdict.code == UNASKED else ""
    complain(f"expected {expect}, got {verdict.outcome} ({verdict.code}){hint}")
    return EXIT_NOT_MET
