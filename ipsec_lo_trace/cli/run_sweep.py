"""Run a sweep in as many processes as asked for, keep what is done, and write the report."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from ipsec_lo_trace.cli.colour import look
from ipsec_lo_trace.cli.output import complain, output, refuse_own_input
from ipsec_lo_trace.cli.sweep_state import keep, resumed
from ipsec_lo_trace.cli.sweepargs import SweepArguments
from ipsec_lo_trace.cli.text import ascii_stream, write_lines
from ipsec_lo_trace.model.sweep import Sweep
from ipsec_lo_trace.render.sweep_text import sweep_jsonl, sweep_text
from ipsec_lo_trace.sweep.run import Told, begin, go_on

EXIT_BROKEN_LAW = 1


def run_sweep(arguments: SweepArguments) -> int:
    """Run and write it; give the exit code."""
    refuse_own_input(arguments.output, arguments.resume)
    sweep = begin(arguments.seed)
    if arguments.resume is not None:
        sweep = resumed(arguments.resume, sweep, arguments.cases)
    before, started = sweep.done, time.perf_counter()
    with _progress(sweep, arguments) as told:
        if arguments.jobs == 1:
            go_on(sweep, arguments.cases, told=told)
        else:
            with ProcessPoolExecutor(arguments.jobs, initializer=_leave_interrupts) as executor:
                go_on(sweep, arguments.cases, executor=executor, told=told)
    if not arguments.quiet:
        _tell_rate(sweep.done - before, time.perf_counter() - started)
    _write(arguments, sweep)
    return EXIT_BROKEN_LAW if sweep.ours else 0


def _leave_interrupts() -> None:
    """Leave an interrupt from the keyboard to the process that shares the work out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _tell_rate(cases: int, seconds: float) -> None:
    """Say how fast it went; on standard error, since the report is the same on every machine."""
    complain(f"{cases} cases in {seconds:.1f} s: {cases / max(seconds, 1e-9):.1f} cases a second")


@contextmanager
def _progress(sweep: Sweep, arguments: SweepArguments) -> Iterator[Told]:
    """Keep what is done after each piece, and show a bar on stderr if that is a terminal."""
    if arguments.quiet or not sys.stderr.isatty():
        yield lambda done: keep(arguments.resume, done)
        return
    from rich.console import Console  # noqa: PLC0415 -- for terminals alone
    from rich.progress import Progress as Bar  # noqa: PLC0415

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("cases", total=arguments.cases, completed=sweep.done)

        def told(done: Sweep) -> None:
            keep(arguments.resume, done)
            bar.update(task, completed=done.done)

        yield told


def _write(arguments: SweepArguments, sweep: Sweep) -> None:
    with output(arguments.output) as out:
        if arguments.format_ == "jsonl":
            out.writelines(sweep_jsonl(sweep))
            return
        width, colour = look(arguments.output, arguments.color)
        write_lines(sweep_text(sweep, width=width), ascii_stream(out), colour=colour)
