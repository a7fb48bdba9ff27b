"""Give the reasons of a row of a stored trace, or of one that is run on the spot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from ipsec_lo_trace.cli.files import output, refuse_own_input
from ipsec_lo_trace.cli.options import given, refuse, setup_of
from ipsec_lo_trace.cli.run.traces import ON_THE_SPOT, one_trace, read_configuration
from ipsec_lo_trace.cli.terminal import write_page
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.render.reasons import why
from ipsec_lo_trace.render.shown import shown
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.render.why import why_lines


class WhyArguments(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it says nothing."""

    row: str
    trace: str | None
    setup: Setup
    format_: str
    color: str | None
    output: str

    def check(self, given_options: list[str]) -> None:
        """Refuse what contradicts itself; click.UsageError says what and why."""
        stored = self.trace is not None and not self.trace.startswith(ON_THE_SPOT)
        refuse(given_options, f"has nothing to act on: {self.trace} is stored", if_=stored)
        fixes = [f"--fix {self.setup.fix}"] if self.setup.fix is not None else []
        refuse(fixes, f"and {self.trace} both choose a fix", if_=self.trace is not None)
        self.setup.check()
        refuse(given(self, color="--color"), "is for text", if_=self.format_ != "text")


def run(given_options: list[str], **values: Any) -> int:  # noqa: ANN401 -- click gives each option by its name
    """Check the options, of which ``given_options`` are about a run, and run; return the exit code."""
    arguments = WhyArguments(setup=setup_of(values), **values)
    arguments.check(given_options)
    return run_why(arguments)


def run_why(arguments: WhyArguments) -> int:
    """Write the reasons; give the exit code."""
    refuse_own_input(arguments.output, arguments.trace, arguments.setup.file)
    with _trace(arguments) as trace:
        reasons = why(trace, arguments.row)
    if arguments.format_ == "json":
        with output(arguments.output) as out:
            out.write(shown(msgspec.json.format(msgspec.json.encode(reasons), indent=2)) + b"\n")
        return 0
    write_page(arguments.output, arguments.color, lambda width: why_lines(reasons, width))
    return 0


@contextmanager
def _trace(arguments: WhyArguments) -> Iterator[StoredTrace]:
    if arguments.trace is not None:
        with one_trace(arguments.trace, arguments.setup) as trace:
            yield trace
        return
    # A stored trace is read without what running one takes (scapy, cryptography).
    from ipsec_lo_trace.tracer.setup import planned  # noqa: PLC0415
    from ipsec_lo_trace.tracer.tracing import Tracing  # noqa: PLC0415

    read = read_configuration(arguments.setup)
    tracing = Tracing(planned(arguments.setup, read), read)
    try:
        trace = spool(tracing.stretches(), tracing.crossings.lines())
    finally:
        tracing.crossings.close()
    try:
        yield trace
    finally:
        trace.close()
