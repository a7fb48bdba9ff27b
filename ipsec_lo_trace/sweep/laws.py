"""The laws, each a look at one run, or at a run and the one without a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ipsec_lo_trace.fixes.fix import built, known_fix
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.trace import Check, Crossing, Mark, Step
from ipsec_lo_trace.render.facts import request_text
from ipsec_lo_trace.sweep.clear import accepted_in_clear, sent_in_clear
from ipsec_lo_trace.sweep.known import known
from ipsec_lo_trace.tracer.tracing import Trace

SEVERITY = tuple(OUTCOMES)
CLEAN = "clean"
FLAG = "M_"
"""How the names of mbuf flags begin; other marks are tags."""


class Breach(NamedTuple):
    """A law that a run broke; ``code`` and ``known`` as in model.sweep.Broken."""

    law: str
    fix: str
    code: str
    known: str
    text: str

    @property
    def way(self) -> str:
        """What two breaches of a law have in common that break it in the same way."""
        return self.known or self.code


class Seen(NamedTuple):
    """What a law looks at: a run, the kernel's build, and the run of the same case without a fix."""

    trace: Trace
    build: Build
    plain: Trace


def breaches(fix: str, trace: Trace, plain: Trace) -> list[Breach]:
    """Return the laws that a run under a fix breaks; ``plain`` is the run without one."""
    seen = Seen(trace, built(known_fix(fix), {}), plain)
    found = []
    for law, look in LOOKS.items():
        text = next(look(seen), None)
        if text is not None:
            found.append(Breach(law, fix, trace.verdict.code, known(law, fix, trace, plain), text))
    return found


def _clean_with_clear_text(seen: Seen) -> Iterator[str]:
    if seen.trace.verdict.outcome == CLEAN:
        yield from (_protected(*found) for found in sent_in_clear(seen.trace))


def _clean_with_clear_accepted(seen: Seen) -> Iterator[str]:
    if seen.trace.verdict.outcome == CLEAN:
        yield from (_protected(*found) for found in accepted_in_clear(seen.trace))


def _protected(crossing: Crossing, policy: PolicyRecord) -> str:
    rules = " ".join(map(request_text, policy.requests))
    what = f"{'/'.join(crossing.proto)} from {crossing.src} to {crossing.dst}"
    return f"row {crossing.row}: {what}, for which the policy is {policy.dir} {rules}"


def _clean_without_answer(seen: Seen) -> Iterator[str]:
    verdict = seen.trace.verdict
    if verdict.outcome == CLEAN and verdict.received != verdict.sent:
        yield f"{verdict.received} answers to {verdict.sent} requests"


def _clean_with_errno(seen: Seen) -> Iterator[str]:
    verdict = seen.trace.verdict
    if verdict.outcome == CLEAN and verdict.errno:
        yield f"a system call failed with {verdict.errno}"


ROUNDS = 101
"""Visits of one stage by one packet that are a loop, even if it has an end in the kernel."""


def _packet_loop(seen: Seen) -> Iterator[str]:
    steps = seen.trace.steps
    return (f"row {step.row}: {step.text}" for step in steps if step.reason == "loop" or step.visit == ROUNDS)


def _stale_after_lo0(seen: Seen) -> Iterator[str]:
    build = seen.build
    if build.looutput == "all" or (build.looutput == "tags" and build.if_output == "flags"):
        yield from (_settled(*found) for found in _stale(seen.trace))


def _stale_tag_after_strip(seen: Seen) -> Iterator[str]:
    if (seen.build.icmp_input, seen.build.icmp_reflect) == ("keep", "keep"):
        return
    reflected = {(step.echo, step.packet) for step in seen.trace.steps if step.stage == "icmp_reflect"}
    for step, check, mark in _stale(seen.trace):
        if (step.echo, step.packet) in reflected and not mark.name.startswith(FLAG):
            yield _settled(step, check, mark)


def _settled(step: Step, check: Check, mark: Mark) -> str:
    return f"row {step.row}, {step.stage}: {mark.name}, made for {mark.made_for}, settles {check.id}"


def _worse_than_none(seen: Seen) -> Iterator[str]:
    before, after = seen.plain.verdict, seen.trace.verdict
    if SEVERITY.index(after.outcome) > SEVERITY.index(before.outcome):
        yield f"{before.outcome} ({before.code}) without a fix, {after.outcome} ({after.code}) with it"


def _stale(trace: Trace) -> Iterator[tuple[Step, Check, Mark]]:
    """Yield every question that a stale mark settled."""
    for step in trace.steps:
        for check in step.checks:
            if check.mark is not None and check.mark.stale:
                yield step, check, check.mark


LOOKS: dict[str, Callable[[Seen], Iterator[str]]] = {
    "clean-with-clear-text": _clean_with_clear_text,
    "clean-with-clear-accepted": _clean_with_clear_accepted,
    "clean-without-answer": _clean_without_answer,
    "clean-with-errno": _clean_with_errno,
    "packet-loop": _packet_loop,
    "stale-after-lo0": _stale_after_lo0,
    "stale-tag-after-strip": _stale_tag_after_strip,
    "worse-than-none": _worse_than_none,
}
"""How each law is looked at: what breaks it, in words.  The law "exception" is where the runs are made."""
