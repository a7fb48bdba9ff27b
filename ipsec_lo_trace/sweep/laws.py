"""The laws, each a look at one run, or at a run and the one without a fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ipsec_lo_trace.fixes.fix import built, known_fix
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.facts import request_text
from ipsec_lo_trace.sweep.clear import accepted_in_clear, sent_in_clear
from ipsec_lo_trace.sweep.known import known
from ipsec_lo_trace.sweep.ran import FLAG, Crossed, Ran, Settled

SEVERITY = tuple(OUTCOMES)
CLEAN = "clean"


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

    ran: Ran
    build: Build
    plain: Ran


def breaches(fix: str, ran: Ran, plain: Ran) -> list[Breach]:
    """Return the laws that a run under a fix breaks; ``plain`` is the run without one."""
    seen = Seen(ran, built(known_fix(fix), {}), plain)
    found = []
    for law, look in LOOKS.items():
        text = next(look(seen), None)
        if text is not None:
            found.append(Breach(law, fix, ran.verdict.code, known(law, fix, ran, plain), text))
    return found


def _clean_with_clear_text(seen: Seen) -> Iterator[str]:
    if seen.ran.verdict.outcome == CLEAN:
        yield from (_protected(*found) for found in sent_in_clear(seen.ran))


def _clean_with_clear_accepted(seen: Seen) -> Iterator[str]:
    if seen.ran.verdict.outcome == CLEAN:
        yield from (_protected(*found) for found in accepted_in_clear(seen.ran))


def _protected(crossed: Crossed, policy: PolicyRecord) -> str:
    rules = " ".join(map(request_text, policy.requests))
    what = f"{'/'.join(crossed.wire.proto)} from {crossed.wire.src} to {crossed.wire.dst}"
    return f"row {crossed.row}: {what}, for which the policy is {policy.dir} {rules}"


def _clean_without_answer(seen: Seen) -> Iterator[str]:
    verdict = seen.ran.verdict
    if verdict.outcome == CLEAN and verdict.received != verdict.sent:
        yield f"{verdict.received} answers to {verdict.sent} requests"


def _clean_with_errno(seen: Seen) -> Iterator[str]:
    verdict = seen.ran.verdict
    if verdict.outcome == CLEAN and verdict.errno:
        yield f"a system call failed with {verdict.errno}"


def _packet_loop(seen: Seen) -> Iterator[str]:
    if seen.ran.loop:
        yield seen.ran.loop


def _stale_after_lo0(seen: Seen) -> Iterator[str]:
    build = seen.build
    if build.looutput == "all" or (build.looutput == "tags" and build.if_output == "flags"):
        yield from map(_settled, seen.ran.settled)


def _stale_tag_after_strip(seen: Seen) -> Iterator[str]:
    if (seen.build.icmp_input, seen.build.icmp_reflect) == ("keep", "keep"):
        return
    for found in seen.ran.settled:
        reflected = (found.echo, found.packet) in seen.ran.reflected
        if reflected and not found.mark.name.startswith(FLAG):
            yield _settled(found)


def _settled(found: Settled) -> str:
    mark = found.mark
    return f"row {found.row}, {found.stage}: {mark.name}, made for {mark.made_for}, settles {found.check.id}"


def _severity(verdict: Verdict) -> int:
    """Tell how serious an outcome is; what goes round is followed too short a way to say more than lost."""
    return SEVERITY.index("lost" if verdict.outcome == "loop" else verdict.outcome)


def _worse_than_none(seen: Seen) -> Iterator[str]:
    before, after = seen.plain.verdict, seen.ran.verdict
    if _severity(after) > _severity(before):
        yield f"{before.outcome} ({before.code}) without a fix, {after.outcome} ({after.code}) with it"


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
