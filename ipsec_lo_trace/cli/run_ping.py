"""Run a ping and write its trace in the form that was asked for."""

from __future__ import annotations

from typing import IO

from ipsec_lo_trace.cli.main import EXIT_NOT_MET
from ipsec_lo_trace.cli.output import complain, output, refuse_own_input
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.replayargs import ReplayArguments
from ipsec_lo_trace.cli.start import chosen_fix, configuration, start
from ipsec_lo_trace.model.codes import CODES, OUTCOMES
from ipsec_lo_trace.model.cut import Cut
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.store import spool, write_json, write_jsonl
from ipsec_lo_trace.tracer import Tracing


def run_ping(arguments: PingArguments) -> int:
    """Run it; give the exit code."""
    check_expectation(arguments.expect)
    refuse_own_input(arguments.output, arguments.run.config)
    if arguments.bisect:
        from ipsec_lo_trace.cli.run_bisect import run_bisect  # noqa: PLC0415 -- few runs bisect

        return run_bisect(arguments)
    cuts = _cuts(arguments)
    read = configuration(arguments.run)
    if arguments.show_config:
        from ipsec_lo_trace.setkey.write import write  # noqa: PLC0415 -- few runs print their configuration

        with output(arguments.output) as out:
            out.write(write(read.db).encode())
        return 0
    fix, chosen = chosen_fix(arguments)
    tracing = start(arguments.run, fix, chosen=chosen, read=read, cuts=cuts)
    try:
        verdict = write_trace(arguments, tracing)
    finally:
        tracing.crossings.close()
    for cut in tracing.idle_cuts:
        complain(f"--drop-mark {cut} deleted nothing: no packet came out of that stage bearing it")
    return as_expected(arguments.expect, verdict)


def check_expectation(expect: str | None) -> None:
    """Refuse what is neither an outcome nor a code."""
    if expect is not None and expect not in OUTCOMES and expect not in CODES:
        raise UserError(
            f"--expect {expect}: neither an outcome nor a code",
            hint=f"outcomes: {', '.join(OUTCOMES)}; codes: {', '.join(sorted(CODES))}",
        )


def _cuts(arguments: PingArguments) -> tuple[Cut, ...]:
    """Read the experiments, before anything runs."""
    if not arguments.drop_mark:
        return ()
    from ipsec_lo_trace.profiles.whatif import parse_cut  # noqa: PLC0415 -- few runs experiment

    return tuple(parse_cut(text) for text in arguments.drop_mark)


def write_trace(arguments: PingArguments | ReplayArguments, tracing: Tracing) -> Verdict:
    """Run it and write its trace as the options say; give the verdict."""
    with output(arguments.output) as out:
        if arguments.format_ == "jsonl":
            return write_jsonl(tracing, tracing.crossings.lines(), out)
        if arguments.format_ == "json":
            return write_json(tracing, tracing.crossings.lines(), out)
        return _write_text(arguments, tracing, out)


def _write_text(arguments: PingArguments | ReplayArguments, tracing: Tracing, out: IO[bytes]) -> Verdict:
    from ipsec_lo_trace.cli.text import ascii_stream, text_choice, write_text  # noqa: PLC0415 -- rich loads for text alone

    choice = text_choice(arguments)
    trace = spool(tracing, tracing.crossings.lines())
    try:
        write_text(trace, choice, ascii_stream(out))
        return trace.verdict
    finally:
        trace.close()


def as_expected(expect: str | None, verdict: Verdict) -> int:
    """Give the exit code: 1 if the verdict is not what --expect says."""
    if expect is None or expect in (verdict.outcome, verdict.code):
        return 0
    complain(f"expected {expect}, got {verdict.outcome} ({verdict.code})")
    return EXIT_NOT_MET
