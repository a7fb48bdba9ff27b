"""Run a check and compare what came with what was expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ipsec_lo_trace.cli.checking.compare import mismatches
from ipsec_lo_trace.cli.checking.model import Check, Result
from ipsec_lo_trace.cli.pingargs import PingArguments
from ipsec_lo_trace.cli.start import chosen_fix, configuration, start
from ipsec_lo_trace.profiles.whatif import parse_cut
from ipsec_lo_trace.render.minimal import run_lines, step_lines, verdict_lines
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.tracer import Tracing


@contextmanager
def prepared(arguments: PingArguments) -> Iterator[Tracing]:
    """Read the configuration and boot the kernel, so that what cannot run is told before anything runs."""
    fix, chosen = chosen_fix(arguments)
    cuts = tuple(parse_cut(text) for text in arguments.drop_mark)
    tracing = start(arguments.run, fix, chosen=chosen, read=configuration(arguments.run), cuts=cuts)
    try:
        yield tracing
    finally:
        tracing.crossings.close()


def performed(check: Check, tracing: Tracing) -> Result:
    """Run it to its end and compare."""
    trace = spool(tracing, tracing.crossings.lines())
    try:
        minimal = list(_numbered(trace))
        found = list(mismatches(check, trace, minimal))
        return Result(check=check, mismatches=found, minimal=[line for _row, line in minimal])
    finally:
        trace.close()


def _numbered(trace: StoredTrace) -> Iterator[tuple[int, str]]:
    """Give the minimal form's lines, each with its row; 0 for the run's and the verdict's."""
    yield from ((0, line) for line in run_lines(trace.run))
    for step in trace.steps():
        yield from ((step.row, line) for line in step_lines(step))
    yield from ((0, line) for line in verdict_lines(trace.verdict))
