"""Run a sweep in as many processes as asked for, keep what is done, and write the report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
import msgspec

from ipsec_lo_trace.cli.files import complain, output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, typed
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.parts import (
    NO_SAY,
    SAID_BEFORE,
    Whole,
    check_merge,
    kept,
    read_parts,
    share_named,
)
from ipsec_lo_trace.cli.run.workers import workers
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.outside import MisreadError, decoded
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.sweep import MAX_CASES, SCHEMA, Sweep, SweepPart
from ipsec_lo_trace.render.shown import shown
from ipsec_lo_trace.render.sweep_text import sweep_jsonl, sweep_text
from ipsec_lo_trace.sweep.merge import merged
from ipsec_lo_trace.sweep.run import Told, begin, go_on


class SweepArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    files: tuple[str, ...]
    cases: int
    seed: int
    jobs: int
    resume: str | None
    shard: Shard | None
    merge: bool
    format_: str
    quiet: bool
    color: str | None
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        is_text = self.format_ == "text"
        refuse(given(self, color="--color"), f"is for text, not for --format {self.format_}", if_=not is_text)
        refuse(given(self, color="--color"), NO_SAY + "JSON Lines", if_=self.shard is not None)
        refuse(typed(click.get_current_context(), MAKING), SAID_BEFORE, if_=self.merge)
        check_merge(self.files, merge=self.merge)


MAKING = ("cases", "seed", "jobs", "resume", "shard")
"""What is said with --shard, and not with --merge."""
SAME = {
    "schema": "was written by another version",
    "tool": "was written by another version",
    "seed": "is of another seed",
    "fixes": "is about other fixes",
    "programs": "is about other probes",
}
"""What must be the same in the file and now, and what it means if it is not."""


MAX_STATE_LEN = 1 << 24
"""How many bytes the file of a sweep may have: 16 MiB, of which the longest known takes a thousandth."""
_SWEEP = msgspec.json.Decoder(Sweep)
_PART = msgspec.json.Decoder(SweepPart)


def resumed(file: str, begun: Sweep, cases: int) -> Sweep:
    """Return the sweep that a file holds, or ``begun`` if there is none; UserError if it does not fit."""
    data = kept(file, MAX_STATE_LEN)
    return begun if data is None else fitting(data, file, begun, cases)


def fitting(data: bytes, file: str, begun: Sweep, cases: int) -> Sweep:
    """Return the sweep that a file's bytes are; UserError if it is none, or another than ``begun``."""
    decoder = _PART if isinstance(begun, SweepPart) else _SWEEP
    try:
        sweep: Sweep = decoded(decoder.decode, data)
    except MisreadError as error:
        raise UserError(f"no sweep to resume: {error}", file=file) from None
    if sweep.share != begun.share:
        raise UserError(f"the sweep in it is share {sweep.share}, so it cannot be resumed", file=file)
    for field, meaning in SAME.items():
        if getattr(sweep, field) != getattr(begun, field):
            raise UserError(f"the sweep in it {meaning}, so it cannot be resumed", file=file)
    if sweep.done > cases:
        raise UserError(f"{sweep.done} cases are done already, more than --cases {cases}", file=file)
    fault = sweep.fault()
    if fault:
        raise UserError(f"no sweep to resume: {fault}", file=file)
    return sweep


def keep(file: str | None, sweep: Sweep) -> None:
    """Write the sweep to its file, if it has one."""
    if file is not None:
        with output(file) as out:
            out.write(msgspec.json.encode(sweep) + b"\n")


def read_sweep(paths: Sequence[str]) -> Sweep:
    """Read all parts of one sweep, in any order; UserError for what is none, or is of another sweep."""
    sweep = merged(read_parts(paths, _WHOLE))
    if fault := sweep.fault():
        raise UserError(f"no parts of a sweep: {fault}")
    return sweep


def _common(part: SweepPart) -> tuple[object, ...]:
    """Return what the parts of one sweep have in common."""
    return part.tool, part.seed, part.done, part.fixes, part.programs


def _fault(part: SweepPart) -> str:
    if part.schema != SCHEMA:
        return f"its schema is {part.schema}, not {SCHEMA}"
    if part.done > MAX_CASES:
        return f"{part.done} cases are done, of {MAX_CASES} at most"
    return part.fault()


_WHOLE = Whole(
    command="sweep",
    what="a sweep",
    same="--seed, --cases, version",
    read=partial(decoded, _PART.decode),
    fault=_fault,
    common=_common,
)
EXIT_BROKEN_LAW = 1


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    values["shard"] = share_named(values["shard"], "sweep")
    arguments = SweepArguments(**values)
    arguments.check()
    return merge_parts(arguments) if arguments.merge else run_sweep(arguments)


def merge_parts(arguments: SweepArguments) -> int:
    """Report what the parts of several processes found; give the exit code."""
    refuse_own_input(arguments.output, *arguments.files)
    sweep = read_sweep(arguments.files)
    _write(arguments, sweep)
    return EXIT_BROKEN_LAW if sweep.ours else 0


def run_sweep(arguments: SweepArguments) -> int:
    """Run and write it; give the exit code."""
    refuse_own_input(arguments.output, arguments.resume)
    sweep = begin(arguments.seed, arguments.shard)
    if arguments.resume is not None:
        sweep = resumed(arguments.resume, sweep, arguments.cases)
    started = time.perf_counter()
    with _progress(sweep, arguments) as told:
        if arguments.jobs == 1:
            ran = go_on(sweep, arguments.cases, told=told)
        else:
            with workers(arguments.jobs) as executor:
                ran = go_on(sweep, arguments.cases, executor=executor, told=told)
    if not arguments.quiet:
        _tell_rate(ran, time.perf_counter() - started)
    if isinstance(sweep, SweepPart):
        with output(arguments.output) as out:
            out.write(shown(msgspec.json.encode(sweep)) + b"\n")
        return 0
    _write(arguments, sweep)
    return EXIT_BROKEN_LAW if sweep.ours else 0


def _tell_rate(cases: int, seconds: float) -> None:
    """Say how fast it went; on standard error, since the report is the same on every machine."""
    complain(f"{cases} cases in {seconds:.1f} s: {cases / max(seconds, 1e-9):.1f} cases a second")


@contextmanager
def _progress(sweep: Sweep, arguments: SweepArguments) -> Iterator[Told]:
    """Keep what is done after each piece, and tell how far it is."""
    if arguments.quiet:
        yield lambda done: keep(arguments.resume, done)
        return
    with progress("cases", arguments.cases, done=sweep.done, patience=0) as tell:

        def told(done: Sweep) -> None:
            keep(arguments.resume, done)
            if tell is not None:
                tell(done.done)

        yield told


def _write(arguments: SweepArguments, sweep: Sweep) -> None:
    with output(arguments.output) as out:
        if arguments.format_ == "jsonl":
            out.writelines(sweep_jsonl(sweep))
            return
        width, colour = look(arguments.output, arguments.color)
        write_lines(sweep_text(sweep, width=width), text_stream(out), colour=colour)
