"""``ping --bisect``: run the same ping once for each row, with the tags deleted after it."""

from __future__ import annotations

from typing import IO

import msgspec

from ipsec_lo_trace.cli.files import output
from ipsec_lo_trace.cli.run.traces import read_configuration
from ipsec_lo_trace.cli.terminal import look, text_stream, write_lines
from ipsec_lo_trace.findings.bisect import bisect, intervals
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.setup import Setup
from ipsec_lo_trace.model.trace import Step, Verdict
from ipsec_lo_trace.model.whatif import Cut, Try
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write
from ipsec_lo_trace.tracer.setup import planned
from ipsec_lo_trace.tracer.tracing import Tracing

Stretches = list[tuple[Try, Try]]


def run_bisect(setup: Setup, *, format_: str, path: str, color: str | None) -> int:
    """Try every row; write what each try gives, and between which rows deleting the tags helps."""
    # A run changes its databases, and standard input can be read once: each try reads this text.
    text = write(read_configuration(setup).db)

    def run(*cuts: Cut) -> tuple[list[Step], Verdict]:
        cut = msgspec.structs.replace(setup, drop_mark=tuple(map(str, cuts)))
        read = load(text, "configuration")
        tracing = Tracing(planned(cut, read), read)
        _run, *steps, verdict = tracing.whole()
        if not isinstance(verdict, Verdict):
            raise BrokenInvariantError("a trace without its verdict")
        return [step for step in steps if isinstance(step, Step)], verdict

    steps, verdict = run()
    tries = bisect(steps, verdict, lambda stage, visit: run(Cut("tags", stage, visit))[1])
    stretches = list(intervals(tries))
    with output(path) as out:
        if format_ == "json":
            _write_json(verdict, tries, stretches, out)
        else:
            _write_text(verdict, tries, stretches, out, look(path, color))
    return 0


def _write_json(verdict: Verdict, tries: list[Try], stretches: Stretches, out: IO[bytes]) -> None:
    rows = [[first.row, last.row] for first, last in stretches]
    found = {"outcome": verdict.outcome, "code": verdict.code, "tries": tries, "intervals": rows}
    out.write(msgspec.json.encode(found) + b"\n")


def _write_text(
    verdict: Verdict, tries: list[Try], stretches: Stretches, out: IO[bytes], look_: tuple[int, bool]
) -> None:
    from ipsec_lo_trace.render.bisect import bisection  # noqa: PLC0415

    width, colour = look_
    write_lines(bisection(verdict, tries, stretches, width), text_stream(out), colour=colour)
