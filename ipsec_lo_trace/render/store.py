"""A trace on disk: JSON Lines or one JSON document, written and read record by record; and its schema.

A ``run`` record, which names its schema (``model.trace.SCHEMA``), ``step`` records, a ``verdict`` record.
A trace without its verdict is incomplete, and every reader says so.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO, Any, Protocol

import msgspec

from ipsec_lo_trace.model.errors import BrokenInvariantError, UserError
from ipsec_lo_trace.model.outside import MisreadError, decoded
from ipsec_lo_trace.model.trace import SCHEMA, Record, Run, Step, Verdict
from ipsec_lo_trace.render import older


class _SchemaOnly(msgspec.Struct):
    schema: str = ""


_SCHEMA = msgspec.json.Decoder(_SchemaOnly)
_OLDER_RUN = msgspec.json.Decoder(older.OlderRun)
_ENCODER = msgspec.json.Encoder()
_EMPTY_LO0 = b'"lo0":[]'
IN_MEMORY_BYTES = 1 << 22
"""How much of a trace is kept in memory; a longer one goes to a temporary file."""
MAX_FIRST_LEN = 1 << 26
"""How many bytes the run record may have: 64 MiB, of which an SA or a policy takes some 300."""
AT_ONCE = 64
"""Records that are encoded together: each call costs as much as a record does."""


def write_jsonl(stretches: Iterable[Sequence[Record]], crossings: Iterable[bytes], out: IO[bytes]) -> Verdict:
    """Write one record a line; the verdict's ``lo0`` is filled from ``crossings`` (JSON, one each).

    Records come by the stretch, the verdict in one of its own.  Return the verdict, as it came.
    """
    verdict: Verdict | None = None
    waiting: list[Record] = []
    for records in stretches:
        if records and isinstance(records[-1], Verdict):
            verdict = records[-1]
            continue
        waiting += records
        if len(waiting) >= AT_ONCE:
            out.write(_ENCODER.encode_lines(waiting))
            waiting.clear()
    out.write(_ENCODER.encode_lines(waiting))
    verdict = _complete(verdict)
    _write_verdict(verdict, crossings, out)
    out.write(b"\n")
    return verdict


def write_json(stretches: Iterable[Sequence[Record]], crossings: Iterable[bytes], out: IO[bytes]) -> Verdict:
    """Write one document, ``{"run": ..., "steps": [...], "verdict": ...}``; otherwise as write_jsonl."""
    verdict: Verdict | None = None
    comma = b""
    for record in chain.from_iterable(stretches):
        if isinstance(record, Run):
            out.write(b'{"run":' + _ENCODER.encode(record) + b',\n"steps":[')
        elif isinstance(record, Step):
            out.write(comma + b"\n" + _ENCODER.encode(record))
            comma = b","
        else:
            verdict = record
    verdict = _complete(verdict)
    out.write(b'\n],\n"verdict":')
    _write_verdict(verdict, crossings, out)
    out.write(b"}\n")
    return verdict


def _write_verdict(verdict: Verdict, crossings: Iterable[bytes], out: IO[bytes]) -> None:
    head, tail = _ENCODER.encode(verdict).split(_EMPTY_LO0, 1)
    out.write(head + b'"lo0":[')
    comma = b""
    for crossing in crossings:
        out.write(comma + crossing)
        comma = b","
    out.write(b"]" + tail)


def _complete(verdict: Verdict | None) -> Verdict:
    if verdict is None:
        msg = "the trace has no verdict record: it is incomplete"
        raise UserError(msg)
    return verdict


def _made_anew(line: bytes) -> str:
    """Say which command makes a trace of schema 2 anew; "" if its run record does not tell."""
    try:
        run = decoded(_OLDER_RUN.decode, line)
    except MisreadError:
        return ""
    return f"made anew by: {older.command(run)}"


class StoredTrace:
    """A trace in JSON Lines that can be read from the front as often as a view needs.

    ``run`` and ``verdict`` are its first and last record, ``name`` is what messages call it.
    """

    def __init__(self, lines: IO[bytes], name: str = "") -> None:
        """Read first and last record; UserError (with line and column) if this is no whole trace."""
        self._lines = lines
        self.name = name
        self._decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Run | Step | Verdict)
        lines.seek(0)
        first = last = lines.readline(MAX_FIRST_LEN + 1)
        if len(first) > MAX_FIRST_LEN:
            raise UserError(f"more than {MAX_FIRST_LEN} bytes, and no trace record", file=name, line=1)
        self._check_schema(first)
        count = 1 if first else 0
        for count, last in enumerate(lines, start=2):  # noqa: B007 -- both are wanted behind the loop
            pass
        self._count = count
        run = self._record(first, 1)
        if not isinstance(run, Run):
            raise UserError("a trace begins with its run record", file=name, line=1)
        verdict = self._record(last, count)
        if not isinstance(verdict, Verdict):
            raise UserError("the trace has no verdict record: it is incomplete", file=name, line=count)
        self.run = run
        self.verdict = verdict

    def _check_schema(self, line: bytes) -> None:
        """Look at the schema alone: a record of another one may lack fields that this one has."""
        try:
            schema = decoded(_SCHEMA.decode, line).schema
        except MisreadError:
            return  # whatever it is, it will be refused as a record
        if schema in ("", SCHEMA):
            return
        reason = f"schema {schema!r}, and this reads {SCHEMA!r}"
        hint = _made_anew(line) if schema == older.SCHEMA else ""
        raise UserError(reason, file=self.name, line=1, hint=hint)

    def _record(self, line: bytes, number: int) -> Record:
        try:
            return decoded(self._decoder.decode, line)
        except MisreadError as error:
            reason = f"not a trace record: {error}" if line.strip() else "an empty line, and no record"
            raise UserError(reason, file=self.name, line=number) from None

    def steps(self) -> Iterator[Step]:
        """Yield the step records, in order; UserError where one is none."""
        self._lines.seek(0)
        for number, line in enumerate(self._lines, start=1):
            if number in (1, self._count):
                continue
            record = self._record(line, number)
            if not isinstance(record, Step):
                raise UserError(
                    "a second run or verdict record: a trace has one of each", file=self.name, line=number
                )
            yield record

    def close(self) -> None:
        """Give the file back."""
        self._lines.close()


class Source(Protocol):
    """A trace, stored or still running: its verdict is there once its rows have been taken."""

    @property
    def run(self) -> Run:
        """What was run."""

    @property
    def verdict(self) -> Verdict:
        """How it ended."""

    def steps(self) -> Iterator[Step]:
        """Yield the rows, in order."""


class LiveTrace:
    """A trace that is still running, for views that read its rows once and its verdict afterwards."""

    def __init__(self, stretches: Iterator[Sequence[Record]]) -> None:
        """Take the run record; the rows are made when a view asks for them."""
        self._records = chain.from_iterable(stretches)
        run = next(self._records)
        if not isinstance(run, Run):
            raise BrokenInvariantError("a trace begins with its run record")
        self.run = run
        self._verdict: Verdict | None = None

    def steps(self) -> Iterator[Step]:
        """Yield the rows as they happen, and keep the verdict."""
        for record in self._records:
            if isinstance(record, Step):
                yield record
            elif isinstance(record, Verdict):
                self._verdict = record

    @property
    def verdict(self) -> Verdict:
        """How it ended; what of the run is left is run to its end."""
        for _step in self.steps():
            pass
        return _complete(self._verdict)


def spool(stretches: Iterable[Sequence[Record]], crossings: Iterable[bytes]) -> StoredTrace:
    """Store a live trace in memory, or in a temporary file if it is long: views read stored traces only."""
    lines = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 -- closed by the reader
    try:
        write_jsonl(stretches, crossings, lines)
        return StoredTrace(lines)
    except BaseException:
        lines.close()
        raise


DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the schema that every line of a trace in JSON Lines validates against."""
    made: dict[str, Any] = msgspec.json.schema(Run | Step | Verdict)
    return json.dumps({"$schema": DIALECT, **made}, indent=2) + "\n"
