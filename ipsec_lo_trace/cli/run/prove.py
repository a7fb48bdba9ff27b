"""Prove claims in as many processes as asked for, keep what is done, write the report or the certificate."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from rich.text import Text

from ipsec_lo_trace.cli.files import complain, output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, typed
from ipsec_lo_trace.cli.params import AS_JSON
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.parts import (
    MAX_PART_LEN,
    NO_SAY,
    SAID_BEFORE,
    Whole,
    check_merge,
    kept,
    part_bytes,
    read_parts,
    share_named,
)
from ipsec_lo_trace.cli.run.traces import STDIN, STDIN_NAME
from ipsec_lo_trace.cli.run.workers import workers
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, taken
from ipsec_lo_trace.model.pieces import WHOLE, Shard
from ipsec_lo_trace.model.proof import Proof, read_proof
from ipsec_lo_trace.prove.check import doubt, uncounted
from ipsec_lo_trace.prove.proof import Told, begun, go_on, merged
from ipsec_lo_trace.prove.result import results
from ipsec_lo_trace.prove.scope import PING, programs
from ipsec_lo_trace.render.proof_text import proof_md, proof_text

EXIT_DOUBT = 1
KEEP_SECONDS = 2.0
"""Seconds after which what is done is written again, where --resume keeps it."""
MAKING = ("probes", "every", "scope", "jobs", "resume", "shard")
"""What is said where a proof is made."""


class ProveArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None or empty where it says nothing."""

    names: tuple[str, ...]
    probes: tuple[str, ...]
    every: bool
    scope: str
    jobs: int
    resume: str | None
    shard: Shard | None
    merge: bool
    check: str | None
    sample: int
    format_: str
    quiet: bool
    color: str | None
    output: str

    def examine(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        made = typed(click.get_current_context(), MAKING)
        shown = given(self, color="--color")
        refuse(shown, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(shown, NO_SAY + "JSON Lines", if_=self.shard is not None)
        refuse(["--all"] if self.every else [], "has every probe already", if_=bool(self.probes))
        refuse(made, SAID_BEFORE, if_=self.merge)
        refuse(made, "is said where a certificate is made", if_=self.check is not None)
        form = typed(click.get_current_context(), ("format_", AS_JSON))
        refuse(form, "is for a report: --check says one line", if_=self.check is not None)
        refuse(["--merge"] if self.merge else [], "makes a certificate", if_=self.check is not None)
        refuse(typed(click.get_current_context(), ("sample",)), "is for --check", if_=self.check is None)
        if self.check is not None and self.names:
            raise click.UsageError(f"{self.names[0]} is one argument too many: --check reads what is claimed")
        if self.merge:
            check_merge(self.names, merge=True)
        elif file := next(filter(os.path.isfile, self.names), ""):
            raise click.UsageError(f"{file} is a file: --check reads a certificate, --merge parts of one")

    @property
    def programs(self) -> list[str]:
        """What runs."""
        return programs() if self.every else list(dict.fromkeys(self.probes)) or [PING]


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    values["shard"] = share_named(values["shard"], "proof")
    arguments = ProveArguments(**values)
    arguments.examine()
    if arguments.check is not None:
        return check_certificate(arguments.check, arguments)
    if arguments.merge:
        refuse_own_input(arguments.output, *arguments.names)
        whole = merged(read_parts(arguments.names, _WHOLE))
        _check_count(whole, arguments.names[0])
        _write(arguments, whole)
        return 0
    return run_proof(arguments)


def run_proof(arguments: ProveArguments) -> int:
    """Run it, whole or a share, and write it."""
    refuse_own_input(arguments.output, arguments.resume)
    proof = begun(
        arguments.names, programs=arguments.programs, scope=arguments.scope, shard=arguments.shard or WHOLE
    )
    if arguments.resume is not None:
        proof = resumed(arguments.resume, proof)
    with _progress(proof, arguments) as told:
        if arguments.jobs == 1:
            go_on(proof, told=told)
        else:
            with workers(arguments.jobs) as executor:
                go_on(proof, executor=executor, told=told)
    if arguments.shard is not None:
        with output(arguments.output) as out:
            out.write(proof.encoded())
        return 0
    if arguments.resume is not None:
        _check_count(proof, arguments.resume)
    _write(arguments, proof)
    return 0


def _check_count(proof: Proof, file: str) -> None:
    """Refuse what was read from files that do not have every case once; UserError says why."""
    if said := uncounted(proof):
        raise UserError(f"no proof: {said}", file=file)


def check_certificate(file: str, arguments: ProveArguments) -> int:
    """Check a certificate and say what was checked; give the exit code."""
    refuse_own_input(arguments.output, file)
    name = STDIN_NAME if file == STDIN else file
    data = _stdin() if file == STDIN else part_bytes(file)
    proof = _read(name, data, "no certificate")
    said = doubt(proof, arguments.sample)
    with output(arguments.output) as out:
        answers = sum(len(each.came) for each in proof.classes())
        counted = f"{len(proof.lines):,} classes with {answers:,} answers"
        good = f"holds: {counted}, and {arguments.sample:,} cases run again"
        line = Text(f"{name}: {f'does not hold: {said}' if said else good}")
        write_lines([line], text_stream(out), colour=False)
    return EXIT_DOUBT if said else 0


def _stdin() -> bytes:
    if getattr(sys.stdin, "buffer", None) is None:
        raise UserError("cannot be read: it is closed", file=STDIN_NAME)
    try:
        return taken(sys.stdin.buffer, MAX_PART_LEN, STDIN_NAME)
    except (OSError, ValueError) as error:
        raise unreadable(STDIN_NAME, error) from None


def _read(name: str, data: bytes, what: str) -> Proof:
    try:
        return read_proof(data)
    except MisreadError as error:
        raise UserError(f"{what}: {error}", file=name) from None


def resumed(file: str, begun_: Proof) -> Proof:
    """Return what a file holds of a proof, or ``begun_`` if there is none; UserError if it does not fit."""
    data = kept(file, MAX_PART_LEN)
    if data is None:
        return begun_
    proof = _read(file, data, "no proof to resume")
    if fault := _unlike(proof, begun_):
        raise UserError(f"the proof in it {fault}, so it cannot be resumed", file=file)
    return proof


SAME = {
    "tool": "was written by another version",
    "scope": "is of another scope",
    "claims": "is of other claims",
    "programs": "is for other probes",
    "shard": "is another share",
    "shards": "is another share",
}
"""What must be the same in two proofs that should be one, and what it means if it is not."""


def _unlike(proof: Proof, other: Proof) -> str:
    """Say in what two proofs differ that should be one; "" for nothing."""
    for field, meaning in SAME.items():
        if getattr(proof.head, field) != getattr(other.head, field):
            return meaning
    if msgspec.structs.replace(proof.head, done=0) != msgspec.structs.replace(other.head, done=0):
        return "was altered: its head is not what this version writes"
    return "" if 0 <= proof.head.done <= proof.head.pieces else f"has {proof.head.done} pieces done"


def _fault(part: Proof) -> str:
    head = part.head
    try:
        begun_ = begun(
            head.claims, programs=head.programs, scope=head.scope, shard=Shard(head.shard, head.shards)
        )
    except UserError as error:
        return str(error)
    if fault := _unlike(part, begun_):
        return f"it {fault}"
    return "" if head.done == head.pieces else f"{head.done} of {head.pieces} pieces are done"


def _common(part: Proof) -> object:
    return part.head.tool, part.head.scope, part.head.claims, part.head.programs


_WHOLE = Whole(
    command="prove",
    what="a proof",
    same="claims, probes, --scope, version",
    read=read_proof,
    fault=_fault,
    common=_common,
)


@contextmanager
def _progress(proof: Proof, arguments: ProveArguments) -> Iterator[Told]:
    """Keep what is done now and then and at the end, also if that comes early, and tell how far it is."""
    written = time.monotonic()

    def keep(now: Proof) -> None:
        if arguments.resume is not None:
            with output(arguments.resume) as out:
                out.write(now.encoded())

    def told(now: Proof) -> None:
        nonlocal written
        if time.monotonic() - written > KEEP_SECONDS:
            keep(now)
            written = time.monotonic()

    try:
        if arguments.quiet:
            yield told
            return
        with progress("pieces", proof.head.pieces, done=proof.head.done, patience=0) as tell:

            def both(now: Proof) -> None:
                told(now)
                if tell is not None:
                    tell(now.head.done)

            yield both
    finally:
        keep(proof)
    if not arguments.quiet:
        complain(f"{proof.head.pieces} piece{'s' if proof.head.pieces != 1 else ''} done")


def _write(arguments: ProveArguments, proof: Proof) -> None:
    with output(arguments.output) as out:
        if arguments.format_ == "jsonl":
            out.write(proof.encoded())
            return
        found: Sequence[Any] = results(proof)
        if arguments.format_ == "md":
            out.writelines(f"{line}\n".encode() for line in proof_md(proof.head, found, len(proof.lines)))
            return
        width, colour = look(arguments.output, arguments.color)
        lines = proof_text(proof.head, found, len(proof.lines), width=width)
        write_lines(lines, text_stream(out), colour=colour)
