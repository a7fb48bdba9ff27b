"""Known kernel behaviour that breaks a law under a fix: listed one by one, counted separately in a report.

``model.sweep.TRUTHS`` has the reasons in words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.sweep.ran import Ran

LATER_MENDED = ("use-without-sa", "ipcomp-disabled", "bad-icv", "ah-ip-options")
"""Reasons for which the kernel of 2003 drops what a later one does not."""
Sign = Callable[[Ran, Ran], bool]
"""Tells by a run, and by the run without a fix, whether it is this truth that breaks the law."""


class Known(NamedTuple):
    """A law that runs break because the kernel is so: where a fix turns a switch so, or ("") anywhere."""

    law: str
    switch: str
    truth: str
    sign: Sign


def known(law: str, fix: str, ran: Ran, plain: Ran) -> str:
    """Name the known kernel behaviour that breaks a law in a run; "" if there is none."""
    for each in KNOWN:
        if each.law == law and _turns(fix, each.switch) and each.sign(ran, plain):
            return each.truth
    return ""


def _turns(fix: str, switch: str) -> bool:
    name, _, value = switch.partition("=")
    return not name or known_fix(fix).knobs.get(name) == value


def _first_request_without_sa(ran: Ran, _plain: Ran) -> bool:
    """Tell whether loop detection had nothing to compare with when the loop was given up."""
    return ran.detected == "nothing-to-compare"


def _leaks(ran: Ran, _plain: Ran) -> bool:
    return ran.verdict.outcome == "leak"


def _tag_spared_the_search(ran: Ran, plain: Ran) -> bool:
    """Tell whether a stale OUT_DONE spared the reply the search for an SA that there is not."""
    return ran.verdict.code == "use-without-sa" and plain.found("stale-out-done")


def _second_policy_skipped(ran: Ran, plain: Ran) -> bool:
    """Tell whether a packet's own OUT_DONE made ip_output skip what it goes on to apply without the fix."""
    ways = zip(ran.ways, plain.ways, strict=False)
    parting = next((one for one, other in ways if one != other), None)
    return parting is not None and (parting[0], parting[2]) == ("ip_output", "skip")


def _got_further(ran: Ran, plain: Ran) -> bool:
    """Tell whether a packet went on where it was dropped without the fix.

    That was for want of an SA or of IPComp, or because AH took a packet's IP options wrongly.
    """
    dropped = next((way for way in plain.ways if way[-1] in LATER_MENDED), None)
    if dropped is None or dropped in ran.ways:
        return False
    return any(way[:2] == dropped[:2] for way in ran.ways)


def _asked_by_address(ran: Ran, plain: Ran) -> bool:
    """Tell whether a policy refused by address what an IN_DONE tag led past it without the fix."""
    return ran.verdict.code == "in-policy" and plain.by_tag


KNOWN = (
    Known("packet-loop", "", "bundle-loop", _first_request_without_sa),
    Known("worse-than-none", "lo_ipsec=off", "no-ipsec-on-lo", _leaks),
    Known("worse-than-none", "", "tag-spared-an-error", _tag_spared_the_search),
    Known("worse-than-none", "loop_detect=any-out-done", "any-out-done", _second_policy_skipped),
    Known("worse-than-none", "loop_detect=early-return", "any-out-done", _second_policy_skipped),
    Known("worse-than-none", "in_done=none", "policy-by-address", _asked_by_address),
    Known("worse-than-none", "", "goes-further", _got_further),
)
"""Law, switch ("": any), truth, sign.  A panic for IPComp is none: it is as bad without a fix."""
