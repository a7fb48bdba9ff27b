"""Run checks: read them all, run them all, then report."""

from __future__ import annotations

import os
from itertools import chain

from ipsec_lo_trace.cli.checking.allowance import Allowance
from ipsec_lo_trace.cli.checking.command import Asked, asked, inputs, performed, tell_notes
from ipsec_lo_trace.cli.checking.files import builtin_checks, read_checks
from ipsec_lo_trace.cli.checking.model import Result
from ipsec_lo_trace.cli.checking.report import REPORTS, text_report
from ipsec_lo_trace.cli.checking.update import refuse_to_rewrite, refuse_update, updated
from ipsec_lo_trace.cli.exits import EXIT_NOT_MET
from ipsec_lo_trace.cli.files import complain, output, refuse_own_input
from ipsec_lo_trace.cli.terminal import is_terminal, look, text_stream, write_lines
from ipsec_lo_trace.render.styles import UNWRAPPED


def run(
    files: tuple[str, ...], *, format_: str, path: str, color: str | None, update: bool, allow_ci: bool
) -> int:
    """Run the checks of these files, or the built-in ones; give the exit code."""
    refuse_own_input(path, *files)
    if update:
        refuse_update(os.environ, builtin=not files, allow_ci=allow_ci)
    checks = [check for file in files for check in read_checks(file, fresh=update)] or builtin_checks()
    wanted = [asked(check) for check in checks]
    traces = (check.minimal.path for check in checks if check.minimal is not None and check.minimal.path)
    refuse_own_input(path, *map(str, traces), *chain.from_iterable(map(inputs, wanted)))
    if update:
        refuse_to_rewrite(wanted)
    results = run_all(wanted)
    if update:
        results = [_rewritten(result) for result in results]
    if format_ == "text":
        _write_text(results, path, color)
    else:
        report = REPORTS[format_](results)
        with output(path) as out:
            out.write(report)
    return EXIT_NOT_MET if any(result.mismatches for result in results) else 0


def run_all(wanted: list[Asked]) -> list[Result]:
    """Run checks, one after the other; UserError before any runs if one of them cannot."""
    for each in wanted:
        tell_notes(each)
    allowance = Allowance()
    return [performed(each, allowance) for each in wanted]


def _rewritten(result: Result) -> Result:
    rest, file = updated(result)
    if file is not None:
        complain(f"rewrote {file}")
    return rest


def _write_text(results: list[Result], path: str, color: str | None) -> None:
    """Write the text, wrapped on a terminal alone: a log of a CI server is searched line by line."""
    width, colour = look(path, color)
    width = width if is_terminal(path) else UNWRAPPED
    with output(path) as out:
        lines = (text for line in text_report(results) for text in line.wrap(width))
        write_lines(lines, text_stream(out), colour=colour)
