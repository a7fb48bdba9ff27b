"""Write a run as it happens, or when it is over, in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import IO, TYPE_CHECKING

from ipsec_lo_trace.cli.files import STDOUT, output
from ipsec_lo_trace.cli.formats import FORMATS
from ipsec_lo_trace.cli.run.traces import LAYERS, counted, dissector
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.trace import Record, Verdict
from ipsec_lo_trace.render.store import LiveTrace, StoredTrace, spool, write_json, write_jsonl

if TYPE_CHECKING:
    from ipsec_lo_trace.cli.terminal import TextArguments
    from ipsec_lo_trace.tracer.tracing import Tracing


def write_trace(arguments: TextArguments, format_: str, tracing: Tracing, setup: Setup) -> Verdict:
    """Run it and write its trace as the options say; give the verdict."""
    if format_ in FORMATS:
        return _write_exported(arguments, format_, tracing, setup)
    with output(arguments.output) as out:
        if format_ == "text":
            return _write_text(arguments, tracing, out)
        write = write_jsonl if format_ == "jsonl" else write_json
        with _followed(arguments, tracing) as stretches:
            return write(stretches, tracing.crossings.lines(), out)


def _write_exported(arguments: TextArguments, form: str, tracing: Tracing, setup: Setup) -> Verdict:
    from ipsec_lo_trace.cli.run.export import exported_run  # noqa: PLC0415 -- few runs are exported at once

    with _stored(tracing) as trace:
        exported_run(setup, form, arguments.output, trace, tracing.configuration)
        return trace.verdict


def _write_text(arguments: TextArguments, tracing: Tracing, out: IO[bytes]) -> Verdict:
    from ipsec_lo_trace.cli.terminal import text_choice, text_stream, write_text  # noqa: PLC0415 -- the views load for text alone

    dissect = dissector(tracing.keys) if arguments.show_bytes == LAYERS else None
    choice = text_choice(arguments, dissect)
    if choice.passes == 1:
        with _followed(arguments, tracing) as stretches:
            live = LiveTrace(iter(stretches))
            write_text(live, choice, text_stream(out))
            return live.verdict
    with _stored(tracing) as trace:
        write_text(trace, choice, text_stream(out))
        return trace.verdict


@contextmanager
def _followed(arguments: TextArguments, tracing: Tracing) -> Iterator[Iterable[Sequence[Record]]]:
    """Give a run's records; where they do not appear on the terminal as they come, they are counted there."""
    if arguments.output == STDOUT and not arguments.quiet:
        yield tracing.stretches()
        return
    with counted(tracing) as stretches:
        yield stretches


def shown_live(tracing: Tracing, *, passes: int) -> AbstractContextManager[LiveTrace | StoredTrace]:
    """Give a run that a view shows as it goes, or stored if it reads the rows more than once."""
    return nullcontext(LiveTrace(tracing.stretches())) if passes == 1 else _stored(tracing)


@contextmanager
def _stored(tracing: Tracing) -> Iterator[StoredTrace]:
    """Give a run that is over."""
    with counted(tracing) as stretches:
        trace = spool(stretches, tracing.crossings.lines())
    try:
        yield trace
    finally:
        trace.close()
