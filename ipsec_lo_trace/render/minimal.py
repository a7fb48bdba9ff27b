"""The minimal form: what changed, what was asked, what was decided; no numbers that depend on layout.

A stage that does none of these does not appear, so a refactoring does not change the form.  Golden traces
are kept in it, so it shows facts alone, fields and codes in a notation of its own: no sentence that somebody
words anew changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ipsec_lo_trace.model.operands import (
    Absent,
    AnyOf,
    Borne,
    DefaultPolicy,
    Hook,
    Nothing,
    Operand,
    PacketEnds,
    PolicyRecord,
    Protocol,
    RequestRecord,
    SaId,
)
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.trace import Check, Mark, Run, Step, Verdict
from ipsec_lo_trace.render.chosen import Chosen, Tally
from ipsec_lo_trace.render.facts import proto_name, request_text, title_text
from ipsec_lo_trace.render.store import Source


def minimal_lines(trace: Source, chosen: Chosen | None = None) -> Iterator[str]:
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
    yield f"{title_text(run)} count {run.count} size {run.size} preload {run.preload}"
    if run.pinger == "plain":
        yield "pinger plain"
    if run.schedule != "fifo":
        yield f"schedule {run.schedule}"
    if run.flush_probe:
        yield "flush probe"
    if run.both_ways:
        yield "both ways"
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
        yield f"{place} {'+' if change.op == 'add' else '-'} {_mark(change.mark)}{stale}"
    if step.stage == "looutput":
        wire = step.wire
        yield f"{place} crosses lo0 as {'/'.join(wire.proto)} {wire.len} bytes, {wire.src} -> {wire.dst}"
    if step.decision:
        reason = f" ({step.reason})" if step.reason else ""
        errno = f" {step.errno}" if step.errno else ""
        yield f"{place} : {step.decision}{reason}{errno}"


def _check_text(check: Check) -> str:
    stale = " (by a stale mark)" if check.decided_by_stale else ""
    return f"{check.id}: {_operand(check.left)} | {_operand(check.right)} -> {check.answer}{stale}"


def _mark(mark: Mark) -> str:
    return _marked(mark.name, PROTO_NAMES.get(mark.proto or 0), mark.spi, mark.dst, mark.made_for)


def _marked(name: str, proto: str | None, spi: int | None, dst: str | None, made_for: str) -> str:
    sa = "" if spi is None else f" {proto} {_sa(spi, dst)}"
    return f"{name}{sa} made for {made_for}"


def _sa(spi: int, dst: str | None) -> str:
    return f"0x{spi:08x} to {dst}"


def _end(address: str, port: int) -> str:
    return f"{address}[{port}]" if port else address


def _ends(of: PacketEnds | PolicyRecord) -> str:
    return f"{_end(of.src, of.src_port)} -> {_end(of.dst, of.dst_port)} {proto_name(of.upper)}"


_NOTATION: dict[type[Operand], Callable[[Any], str]] = {
    Borne: lambda mark: _marked(mark.name, mark.proto, mark.spi, mark.dst, mark.made_for),
    Absent: lambda absent: f"no {'|'.join(absent.names)}",
    AnyOf: lambda wanted: "|".join(wanted.names),
    SaId: lambda sa: f"{sa.proto} {_sa(sa.spi, sa.dst)}",
    RequestRecord: request_text,
    PacketEnds: _ends,
    PolicyRecord: lambda policy: " ".join(
        [policy.dir, _ends(policy), policy.type, *map(request_text, policy.requests)]
    ),
    DefaultPolicy: lambda policy: f"default {policy.type} of {policy.among}",
    Nothing: lambda nothing: nothing.what,
    Protocol: lambda protocol: proto_name(protocol.number),
    Hook: lambda hook: hook.name,
}


def _operand(operand: Operand) -> str:
    return _NOTATION[type(operand)](operand)


def verdict_lines(verdict: Verdict) -> Iterator[str]:
    """State the result: the last lines."""
    for finding in verdict.findings:
        yield f"finding {finding.code}, in {finding.echoes} of {verdict.sent}"
    errno = f" {verdict.errno}" if verdict.errno else ""
    yield f"verdict {verdict.outcome} ({verdict.code}), ping {verdict.ping}{errno}"
    yield f"replies {verdict.received} of {verdict.sent}"
