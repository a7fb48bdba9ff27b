"""Prove claims in as many processes as asked for, keep what is done, write the report or the certificate."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from ipsec_lo_trace.cli.files import complain, descriptor, output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, typed
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.parts import (
    MAX_PART_LEN,
    NO_SAY,
    SAID_BEFORE,
    Whole,
    check_files,
    read_parts,
    share_named,
)
from ipsec_lo_trace.cli.run.workers import workers
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, taken
from ipsec_lo_trace.model.pieces import WHOLE, Shard
from ipsec_lo_trace.model.proof import Proof, read_proof
from ipsec_lo_trace.prove.check import doubt
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
        refuse(["--merge"] if self.merge else [], "makes a certificate", if_=self.check is not None)
        refuse(typed(click.get_current_context(), ("sample",)), "is for --check", if_=self.check is None)
        if self.check is not None and self.names:
            raise click.UsageError(f"{self.names[0]} is one argument too many: --check reads what is claimed")
        if self.merge:
            if not self.names:
                raise click.UsageError("--merge wants the files that --shard wrote")
            check_files(self.names)

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
        _write(arguments, merged(read_parts(arguments.names, _WHOLE)))
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
    _write(arguments, proof)
    return 0


def check_certificate(file: str, arguments: ProveArguments) -> int:
    """Check a certificate and say what was checked; give the exit code."""
    refuse_own_input(arguments.output, file)
    proof = _read(file, "no certificate")
    said = doubt(proof, arguments.sample)
    with output(arguments.output) as out:
        good = f"{file}: holds: {len(proof.lines):,} classes, and {arguments.sample:,} cases run again"
        out.write(f"{file}: does not hold: {said}\n".encode() if said else f"{good}\n".encode())
    return EXIT_DOUBT if said else 0


def _read(file: str, what: str) -> Proof:
    try:
        with Path(file).open("rb") as opened:
            return read_proof(taken(opened, MAX_PART_LEN, file))
    except MisreadError as error:
        raise UserError(f"{what}: {error}", file=file) from None
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None


def resumed(file: str, begun_: Proof) -> Proof:
    """Return what a file holds of a proof, or ``begun_`` if there is none; UserError if it does not fit."""
    path = Path(file)
    if descriptor(file) is not None or path.is_fifo() or path.is_char_device() or path.is_socket():
        raise UserError("it is no regular file, and --resume replaces one", file=file)
    if not path.exists():
        return begun_
    proof = _read(file, "no proof to resume")
    if fault := _unlike(proof, begun_):
        raise UserError(f"the proof in it {fault}, so it cannot be resumed", file=file)
    return proof


def _unlike(proof: Proof, other: Proof) -> str:
    """Say in what two proofs differ that should be one; "" for nothing."""
    for field in ("tool", "scope", "claims", "programs", "shard", "shards"):
        if getattr(proof.head, field) != getattr(other.head, field):
            return "was written by another version" if field == "tool" else f"is of another {field}"
    if msgspec.structs.replace(proof.head, done=0) != msgspec.structs.replace(other.head, done=0):
        return "was written by another version"
    return "" if 0 <= proof.head.done <= proof.head.pieces else f"has {proof.head.done} pieces done"


def _fault(part: Proof) -> str:
    try:
        begun_ = begun(
            part.head.claims,
            programs=part.head.programs,
            scope=part.head.scope,
            shard=Shard(part.head.shard, part.head.shards),
        )
    except UserError as error:
        return error.reason
    return _unlike(part, begun_) or ("" if part.head.done == part.head.pieces else "it is not done")


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
    kept = time.monotonic()

    def keep(now: Proof) -> None:
        if arguments.resume is not None:
            with output(arguments.resume) as out:
                out.write(now.encoded())

    def told(now: Proof) -> None:
        nonlocal kept
        if time.monotonic() - kept > KEEP_SECONDS:
            keep(now)
            kept = time.monotonic()

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
        complain(f"{proof.head.pieces} pieces done")


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
