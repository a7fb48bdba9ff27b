"""Give the reasons of a row of a stored trace, or of one that is run on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from ipsec_lo_trace.cli.output import output, refuse_own_input
from ipsec_lo_trace.cli.page_text import write_page
from ipsec_lo_trace.cli.traces import opened
from ipsec_lo_trace.cli.whyargs import WhyArguments
from ipsec_lo_trace.render.reasons import why
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.render.why import why_lines


def run_why(arguments: WhyArguments) -> int:
    """Write the reasons; give the exit code."""
    refuse_own_input(arguments.output, arguments.trace, arguments.run.config)
    with _trace(arguments) as trace:
        reasons = why(trace, arguments.row)
    if arguments.format_ == "json":
        with output(arguments.output) as out:
            out.write(msgspec.json.format(msgspec.json.encode(reasons), indent=2) + b"\n")
        return 0
    write_page(arguments.output, arguments.color, lambda width: why_lines(reasons, width))
    return 0


@contextmanager
def _trace(arguments: WhyArguments) -> Iterator[StoredTrace]:
    if arguments.trace is not None:
        with opened(arguments.trace) as trace:
            yield trace
        return
    # A stored trace is read without what running one takes (scapy, cryptography).
    from ipsec_lo_trace.cli.start import chosen_fix, configuration, start  # noqa: PLC0415

    fix, chosen = chosen_fix(arguments)
    tracing = start(arguments.run, fix, chosen=chosen, read=configuration(arguments.run))
    try:
        trace = spool(tracing, tracing.crossings.lines())
    finally:
        tracing.crossings.close()
    try:
        yield trace
    finally:
        trace.close()
