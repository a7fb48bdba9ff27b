"""Write a run as it happens, or when it is over, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.formats import FORMATS
from ipsec_lo_trace.cli.run.traces import LAYERS, dissector
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.store import LiveTrace, StoredTrace, spool, write_json, write_jsonl

if TYPE_CHECKING:
    from ipsec_lo_trace.cli.terminal import TextArguments
    from ipsec_lo_trace.tracer.tracing import Tracing


def write_trace(arguments: TextArguments, format_: str, tracing: Tracing, setup: Setup) -> Verdict:
    """Run it and write its trace as the options say; give the verdict."""
    if format_ in FORMATS:
        return _write_exported(arguments, format_, tracing, setup)
    with output(arguments.output) as out:
        if format_ == "jsonl":
            return write_jsonl(tracing.stretches(), tracing.crossings.lines(), out)
        if format_ == "json":
            return write_json(tracing.stretches(), tracing.crossings.lines(), out)
        return _write_text(arguments, tracing, out)


def _write_exported(arguments: TextArguments, form: str, tracing: Tracing, setup: Setup) -> Verdict:
    from ipsec_lo_trace.cli.run.export import exported_run  # noqa: PLC0415 -- few runs are exported at once

    with shown_live(tracing, passes=2) as trace:
        if not isinstance(trace, StoredTrace):
            raise BrokenInvariantError("an export of a trace that is not stored")
        exported_run(setup, form, arguments.output, trace, tracing.configuration)
        return trace.verdict


def _write_text(arguments: TextArguments, tracing: Tracing, out: IO[bytes]) -> Verdict:
    from ipsec_lo_trace.cli.terminal import text_choice, text_stream, write_text  # noqa: PLC0415 -- the views load for text alone

    dissect = dissector(tracing.keys) if arguments.show_bytes == LAYERS else None
    choice = text_choice(arguments, dissect)
    with shown_live(tracing, passes=choice.passes) as trace:
        write_text(trace, choice, text_stream(out))
        return trace.verdict


@contextmanager
def shown_live(tracing: Tracing, *, passes: int) -> Iterator[LiveTrace | StoredTrace]:
    """Give a run that a view shows as it goes, or stored if it reads the rows more than once."""
    if passes == 1:
        yield LiveTrace(tracing.stretches())
        return
    trace = spool(tracing.stretches(), tracing.crossings.lines())
    try:
        yield trace
    finally:
        trace.close()
