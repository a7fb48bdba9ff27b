"""Make a case smaller while it breaks the same law under the same fix."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.sweep.drawn import PING, USUAL_SIZE, DrawnCase, DrawnPolicy
from ipsec_lo_trace.sweep.examine import examine
from ipsec_lo_trace.sweep.laws import Breach


def shrink(case: DrawnCase, breach: Breach) -> DrawnCase:
    """Return a case of which nothing more can be left out: it breaks the same law in the same way.

    Whole commands go first, then rules of a bundle, then requests that are sent, then what is not usual.
    """
    smaller: DrawnCase | None = case
    while smaller is not None:
        case = smaller
        smaller = next((each for each in _smaller(case) if breaks(each, breach)), None)
    return case


def breaks(case: DrawnCase, breach: Breach) -> Breach | None:
    """Return the breach of the same law, under the same fix and in the same way, if the case has it."""
    try:
        broken = examine(case, [breach.fix]).broken
    except UserError:
        return None
    return next((each for each in broken if (each.law, each.way) == (breach.law, breach.way)), None)


def _smaller(case: DrawnCase) -> Iterator[DrawnCase]:
    """Yield every case that is one step smaller."""
    for at in range(len(case.policies)):
        yield replace(case, policies=case.policies[:at] + case.policies[at + 1 :])
    for at in range(len(case.sas)):
        yield replace(case, sas=case.sas[:at] + case.sas[at + 1 :])
    for at, policy in enumerate(case.policies):
        for fewer in _fewer_rules(policy):
            yield replace(case, policies=(*case.policies[:at], fewer, *case.policies[at + 1 :]))
    if case.count > 1:
        yield replace(case, count=case.count - 1)
    if case.preload:
        yield replace(case, preload=0)
    if case.program == PING and case.size != USUAL_SIZE:
        yield replace(case, size=USUAL_SIZE)


def _fewer_rules(policy: DrawnPolicy) -> Iterator[DrawnPolicy]:
    if len(policy.rules) > 1:
        for at in range(len(policy.rules)):
            yield replace(policy, rules=policy.rules[:at] + policy.rules[at + 1 :])
