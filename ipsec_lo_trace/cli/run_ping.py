"""Run a ping and write its trace in the form that was asked for."""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import PurePath
from typing import IO

from ipsec_lo_trace.cli.colour import columns, wants_colour
from ipsec_lo_trace.cli.main import EXIT_NOT_MET
from ipsec_lo_trace.cli.output import STDOUT, complain, output
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.profiles.fixes import NETBSD_2003_08, NONE
from ipsec_lo_trace.render.store import spool, write_json, write_jsonl
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.configuration import Configuration
from ipsec_lo_trace.setkey.load import load, read_file
from ipsec_lo_trace.setkey.write import write
from ipsec_lo_trace.tracer import PingTrace, Tracing
from ipsec_lo_trace.userland.ping import PingOptions


def run_ping(arguments: PingArguments) -> int:
    """Run it; give the exit code."""
    _check_expectation(arguments.expect)
    configuration, named = _configuration(arguments)
    for note in configuration.notes:
        complain(note)
    if arguments.show_config:
        with output(arguments.output) as out:
            out.write(write(configuration.db).encode())
        return 0
    tracing = Tracing(_trace(arguments, named), configuration)
    try:
        verdict = _write(arguments, tracing)
    finally:
        tracing.crossings.close()
    return _judge(arguments.expect, verdict)


def _check_expectation(expect: str | None) -> None:
    if expect is not None and expect not in OUTCOMES and expect not in CODES:
        raise UserError(
            f"--expect {expect}: neither an outcome nor a code",
            hint=f"outcomes: {', '.join(OUTCOMES)}; codes: {', '.join(sorted(CODES))}",
        )


def _configuration(arguments: PingArguments) -> tuple[Configuration, str]:
    """Read the configuration; say where it came from."""
    if arguments.config is not None:
        return read_file(arguments.config), f"-f {_printable(PurePath(arguments.config).name)}"
    text = builtin_text(
        proto=arguments.proto or "esp",
        mode=arguments.mode or "transport",
        level=arguments.level or "require",
        enc=arguments.enc,
        auth=arguments.auth,
        local=arguments.host,
    )
    return load(text, "built-in configuration"), "built in (--show-config prints it)"


def _printable(name: str) -> str:
    """Escape what a trace cannot hold (bytes that are not UTF-8) or a terminal would obey."""
    text = os.fsencode(name).decode("utf-8", "surrogateescape")  # whatever the locale made of it
    return text.encode("unicode_escape").decode("ascii")


def _trace(arguments: PingArguments, config: str) -> PingTrace:
    options = PingOptions(
        dst=arguments.host,
        src=arguments.source,
        count=arguments.count,
        size=arguments.size,
        pattern=arguments.pattern,
        record_route=arguments.record_route,
        ttl=arguments.ttl or 0,
        preload=arguments.preload,
    )
    chosen = (
        "--patched"
        if arguments.patched
        else "--unpatched"
        if arguments.unpatched
        else "the default: unpatched"
    )
    return PingTrace(
        options=options,
        fix=NETBSD_2003_08 if arguments.patched else NONE,
        chosen=chosen,
        config=config,
        local=arguments.addresses,
        seed=arguments.seed,
        diagnostic=arguments.diagnostic,
    )


def _write(arguments: PingArguments, tracing: Tracing) -> Verdict:
    with output(arguments.output) as out:
        if arguments.format_ == "jsonl":
            return write_jsonl(tracing, tracing.crossings.lines(), out)
        if arguments.format_ == "json":
            return write_json(tracing, tracing.crossings.lines(), out)
        return _write_text(arguments, tracing, out)


def _write_text(arguments: PingArguments, tracing: Tracing, out: IO[bytes]) -> Verdict:
    from ipsec_lo_trace.cli.text import TextChoice, write_text  # noqa: PLC0415 -- rich loads for text alone

    terminal = arguments.output == STDOUT and sys.stdout.isatty()
    choice = TextChoice(
        width=columns(os.environ, is_terminal=terminal),
        colour=wants_colour(arguments.color or "auto", os.environ, is_terminal=terminal),
        detail=arguments.detail or "summary",
        show_bytes=arguments.show_bytes or "none",
        quiet=arguments.quiet,
        assumptions=arguments.verbose,
    )
    trace = spool(tracing, tracing.crossings.lines())
    try:
        # A TextIOWrapper that cannot write closes what it wraps, and that may be standard output.
        ascii_ = codecs.lookup("ascii")
        text = codecs.StreamReaderWriter(out, ascii_.streamreader, ascii_.streamwriter, "backslashreplace")
        write_text(trace, choice, text)
        return trace.verdict
    finally:
        trace.close()


def _judge(expect: str | None, verdict: Verdict) -> int:
    if expect is None or expect in (verdict.outcome, verdict.code):
        return 0
    complain(f"expected {expect}, got {verdict.outcome} ({verdict.code})")
    return EXIT_NOT_MET
