"""Run an audit and write it in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any

import click
import msgspec
from rich.text import Text

from ipsec_lo_trace.audit.audit import Audit
from ipsec_lo_trace.audit.conclude import conclude, merged
from ipsec_lo_trace.capture.read import opened
from ipsec_lo_trace.cli.exits import EXIT_NOT_MET, EXIT_TROUBLE
from ipsec_lo_trace.cli.files import STDOUT, complain, output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.audit_parts import read_audit
from ipsec_lo_trace.cli.run.host import host_configuration, one_stdin
from ipsec_lo_trace.cli.run.parts import NO_SAY, SAID_BEFORE, check_files, share_named
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.audit import AuditRun, AuditVerdict
from ipsec_lo_trace.model.pieces import WHOLE, Shard
from ipsec_lo_trace.model.setup import shown_name
from ipsec_lo_trace.render.audit import end_lines, head_lines, packet_lines, plain_row, row_head, verdict_line
from ipsec_lo_trace.render.styles import UNWRAPPED


class AuditArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    files: tuple[str, ...]
    config: tuple[str, ...]
    interface: str | None
    rows: bool
    shard: Shard | None
    merge: bool
    format_: str
    color: str | None
    quiet: bool
    output: str

    @property
    def capture(self) -> str:
        """The capture, without --merge."""
        return self.files[0]

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        if not self.interface and self.interface is not None:
            raise click.UsageError("-i names no interface")
        if self.merge:
            check_files(self.files)
        one_stdin(*self.files, *self.config)
        flags = [name for on, name in ((self.quiet, "-q"), (self.rows, "--all")) if on]
        text_only = [*given(self, color="--color"), *flags]
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")
        refuse(["--all"] if self.rows else [], "has nothing to act on: -q prints one line", if_=self.quiet)
        if self.merge:
            whole = [*given(self, interface="-i", shard="--shard"), *(["-f"] if self.config else [])]
            refuse([*whole, *(["--all"] if self.rows else [])], SAID_BEFORE, if_=True)
            return
        if len(self.files) > 1:
            raise click.UsageError("one CAPTURE is judged at a time; of parts, --merge takes many")
        if not self.config:
            raise click.UsageError("-f is missing: the host's keys and policies")
        part = [*text_only, *(["--format junit"] if self.format_ == "junit" else [])]
        refuse(part, NO_SAY + "JSON Lines", if_=self.shard is not None)


BUFFER_BYTES = 1 << 16
ROWS = 64


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    values["shard"] = share_named(values["shard"], "capture")
    arguments = AuditArguments(**values)
    arguments.check()
    return merge_parts(arguments) if arguments.merge else run_audit(arguments)


def run_audit(arguments: AuditArguments) -> int:
    """Run it; give the exit code."""
    refuse_own_input(arguments.output, arguments.capture, *arguments.config)
    host = host_configuration(arguments.config)
    with opened(arguments.capture, arguments.interface) as capture:
        audit = Audit(
            capture,
            host,
            capture_name=shown_name(arguments.capture),
            config=[shown_name(path) for path in arguments.config],
            shard=arguments.shard or WHOLE,
        )
        with output(arguments.output) as out, nullcontext() if _is_live(arguments) else progress("packets"):
            verdict = _write(arguments, audit, out)
    if passed_over := capture.choice.told():
        complain(f"{capture.name}: {passed_over}")
    if audit.error is not None:
        complain(str(audit.error))
        return EXIT_TROUBLE
    return EXIT_NOT_MET if verdict is not None and verdict.outcome == "leak" else 0


def merge_parts(arguments: AuditArguments) -> int:
    """Sum up the parts of several processes; give the exit code."""
    refuse_own_input(arguments.output, *arguments.files)
    head, parts = read_audit(arguments.files)
    verdict = conclude(head, merged(parts))
    with output(arguments.output) as out:
        _write_result(arguments, head, verdict, out)
    if verdict.trouble:
        complain(f"{head.capture}: {verdict.trouble}")
        return EXIT_TROUBLE
    return EXIT_NOT_MET if verdict.outcome == "leak" else 0


def _is_live(arguments: AuditArguments) -> bool:
    """Tell whether rows appear on the terminal as they are judged."""
    rows = arguments.rows or arguments.format_ == "jsonl"
    return rows and arguments.output == STDOUT and arguments.shard is None


def _write(arguments: AuditArguments, audit: Audit, out: IO[bytes]) -> AuditVerdict | None:
    """Write it; give the verdict, None of a part."""
    encode = msgspec.json.encode
    if arguments.shard is not None:
        out.write(encode(audit.run) + b"\n" + encode(audit.part()) + b"\n")
        return None
    if arguments.format_ == "jsonl":
        return _write_jsonl(audit, out)
    if arguments.rows:
        return _write_rows(arguments, audit, out)
    verdict = audit.verdict()
    _write_result(arguments, audit.run, verdict, out)
    return verdict


def _write_jsonl(audit: Audit, out: IO[bytes]) -> AuditVerdict:
    encoder = msgspec.json.Encoder()
    buffer = bytearray(encoder.encode(audit.run) + b"\n")
    for packet in audit.packets():
        encoder.encode_into(packet, buffer, -1)
        buffer += b"\n"
        if len(buffer) > BUFFER_BYTES:
            out.write(buffer)
            buffer.clear()
    verdict = audit.verdict()
    out.write(buffer + encoder.encode(verdict) + b"\n")
    return verdict


def _write_result(arguments: AuditArguments, head: AuditRun, verdict: AuditVerdict, out: IO[bytes]) -> None:
    """Write what was found, without rows."""
    if arguments.format_ == "jsonl":
        out.write(msgspec.json.encode(head) + b"\n" + msgspec.json.encode(verdict) + b"\n")
    elif arguments.format_ == "junit":
        from ipsec_lo_trace.cli.junit import junit_text  # noqa: PLC0415 -- XML's tools are not light
        from ipsec_lo_trace.cli.run.audit_junit import audit_suite  # noqa: PLC0415

        out.write(junit_text([audit_suite(head, verdict)]))
    else:
        width, colour = look(arguments.output, arguments.color)
        lines = (
            verdict_line(verdict).wrap(UNWRAPPED) if arguments.quiet else _result_lines(head, verdict, width)
        )
        write_lines(lines, text_stream(out), colour=colour)


def _result_lines(head: AuditRun, verdict: AuditVerdict, width: int) -> Iterator[Text]:
    yield from head_lines(head, width)
    yield from end_lines(verdict, width)


def _write_rows(arguments: AuditArguments, audit: Audit, out: IO[bytes]) -> AuditVerdict:
    width, colour = look(arguments.output, arguments.color)
    stream = text_stream(out)
    write_lines(_body(audit, width), stream, colour=colour)
    verdict = audit.verdict()
    write_lines(end_lines(verdict, width), stream, colour=colour)
    return verdict


def _body(audit: Audit, width: int) -> Iterator[Text | str]:
    """Give head and rows; plain rows several at once, since each writing costs as much as a row."""
    yield from head_lines(audit.run, width)
    yield from row_head(width)
    rows: list[str] = []
    for packet in audit.packets():
        row = plain_row(packet, width)
        if row:
            rows.append(row)
        if rows and (len(rows) >= ROWS or not row):
            yield "\n".join(rows)
            rows.clear()
        if not row:
            yield from packet_lines(packet, width)
    if rows:
        yield "\n".join(rows)
