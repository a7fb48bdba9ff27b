"""Run an audit and write it in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import IO, Any

import msgspec
from rich.text import Text

from ipsec_lo_trace.audit.audit import Audit
from ipsec_lo_trace.capture.read import opened
from ipsec_lo_trace.cli.exits import EXIT_NOT_MET, EXIT_TROUBLE
from ipsec_lo_trace.cli.files import STDOUT, complain, output, refuse_own_input
from ipsec_lo_trace.cli.junit import junit_lines
from ipsec_lo_trace.cli.options import given, refuse
from ipsec_lo_trace.cli.progress import progress
from ipsec_lo_trace.cli.run.host import host_configuration, one_stdin
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.model.audit import AuditVerdict
from ipsec_lo_trace.model.setup import shown_name
from ipsec_lo_trace.render.audit import end_lines, head_lines, packet_lines, plain_row, verdict_line
from ipsec_lo_trace.render.styles import UNWRAPPED


class AuditArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    capture: str
    config: tuple[str, ...]
    interface: str | None
    format_: str
    color: str | None
    quiet: bool
    output: str

    def check(self) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        one_stdin(self.capture, *self.config)
        text_only = given(self, color="--color") + (["-q"] if self.quiet else [])
        refuse(text_only, f"is for text, not for --format {self.format_}", if_=self.format_ != "text")


BUFFER_BYTES = 1 << 16
ROWS = 64


def run(**values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options and run; return the exit code."""
    arguments = AuditArguments(**values)
    arguments.check()
    return run_audit(arguments)


def run_audit(arguments: AuditArguments) -> int:
    """Run it; give the exit code."""
    refuse_own_input(arguments.output, arguments.capture, *arguments.config)
    read = host_configuration(arguments.config)
    with opened(arguments.capture, arguments.interface) as capture:
        audit = Audit(
            capture,
            read.db,
            capture_name=shown_name(arguments.capture),
            config=[shown_name(path) for path in arguments.config],
        )
        with output(arguments.output) as out:
            silent = arguments.output != STDOUT or arguments.quiet or arguments.format_ == "junit"
            with progress("packets") if silent else nullcontext():
                verdict = _write(arguments, audit, out)
    if passed_over := capture.choice.told():
        complain(f"{capture.name}: {passed_over}")
    if audit.error is not None:
        complain(str(audit.error))
        return EXIT_TROUBLE
    return EXIT_NOT_MET if verdict.outcome == "leak" else 0


def _write(arguments: AuditArguments, audit: Audit, out: IO[bytes]) -> AuditVerdict:
    if arguments.format_ == "jsonl":
        return _write_jsonl(audit, out)
    if arguments.format_ == "junit":
        verdict = audit.verdict()
        for line in junit_lines(audit.run, verdict):
            out.write(f"{line}\n".encode("ascii", "xmlcharrefreplace"))
        return verdict
    return _write_text(arguments, audit, out)


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


def _write_text(arguments: AuditArguments, audit: Audit, out: IO[bytes]) -> AuditVerdict:
    width, colour = look(arguments.output, arguments.color)
    stream = text_stream(out)
    if arguments.quiet:
        verdict = audit.verdict()
        write_lines(verdict_line(verdict).wrap(UNWRAPPED), stream, colour=colour)
        return verdict
    write_lines(_body(audit, width), stream, colour=colour)
    verdict = audit.verdict()
    write_lines(end_lines(verdict, width), stream, colour=colour)
    return verdict


def _body(audit: Audit, width: int) -> Iterator[Text | str]:
    """Give head and rows; plain rows several at once, since each writing costs as much as a row."""
    yield from head_lines(audit.run, width)
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
