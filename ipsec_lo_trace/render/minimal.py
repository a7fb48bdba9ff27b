"""The minimal form: what changed, what was asked, what was decided; no numbers that depend on layout.

A stage that does none of these does not appear, so a refactoring does not change the form.  Golden traces
are kept in it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import Check, Run, Step, Verdict
from ipsec_lo_trace.render.chosen import Chosen, Tally
from ipsec_lo_trace.render.marks import mark_text
from ipsec_lo_trace.render.store import StoredTrace


def minimal_lines(trace: StoredTrace, chosen: Chosen | None = None) -> Iterator[str]:
    """Give the lines of the minimal form, without newlines; ``chosen`` leaves out rows, None for none."""
    yield from run_lines(trace.run)
    tally = Tally(chosen or Chosen())
    for step in trace.steps():
        if tally.fits(step):
            yield from step_lines(step)
    if chosen is not None:
        yield tally.text
    yield from verdict_lines(trace.verdict)


def run_lines(run: Run) -> Iterator[str]:
    """Say what was run: the first lines of the form."""
    yield f"kernel {run.kernel} fix {run.fix}"
    yield f"{run.program} {run.src} -> {run.dst} count {run.count} size {run.size} preload {run.preload}"
    for knob in run.knobs:
        yield f"set {knob}"
    if run.reflector != "kernel":
        yield f"reflector {run.reflector}"
    for cut in run.what_if:
        yield f"what if {cut}"


def step_lines(step: Step) -> Iterator[str]:
    """Give what the form has of one row."""
    place = f"{step.echo} {step.packet} {step.stage}"
    for check in step.checks:
        yield f"{place} ? {_check_text(check)}"
    for change in step.changes:
        stale = " (stale)" if change.mark.stale else ""
        yield f"{place} {'+' if change.op == 'add' else '-'} {mark_text(change.mark)}{stale}"
    if step.stage == "looutput":
        wire = step.wire
        yield f"{place} crosses lo0 as {'/'.join(wire.proto)} {wire.len} bytes, {wire.src} -> {wire.dst}"
    if step.decision:
        reason = f" ({step.reason})" if step.reason else ""
        errno = f" {step.errno}" if step.errno else ""
        yield f"{place} : {step.decision}{reason}{errno}"


def _check_text(check: Check) -> str:
    stale = " (by a stale mark)" if check.decided_by_stale else ""
    return f"{check.id}: {check.left} | {check.right} -> {check.answer}{stale}"


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """Say what it came to: the last lines."""
    for finding in verdict.findings:
        yield f"finding {finding.code}, in {finding.echoes} of {verdict.sent}"
    errno = f" {verdict.errno}" if verdict.errno else ""
    yield f"verdict {verdict.outcome} ({verdict.code}), ping {verdict.ping}{errno}"
    yield f"replies {verdict.received} of {verdict.sent}"
