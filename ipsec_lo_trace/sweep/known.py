"""The kernel truths that break a law: listed here one by one, and counted by themselves in every report."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ipsec_lo_trace.api import Trace

Sign = Callable[[Trace, Trace], bool]
"""Tells by a run, and by the run without a fix, whether it is this truth that breaks the law."""


class Known(NamedTuple):
    """A law that some runs break because the kernel is so; ``fix`` "" stands for every fix."""

    law: str
    fix: str
    sign: Sign
    why: str


def known(law: str, fix: str, trace: Trace, plain: Trace) -> str:
    """Say which kernel truth breaks a law in a run; "" if none of them does."""
    return next(
        (
            truth.why
            for truth in KNOWN
            if truth.law == law and truth.fix in ("", fix) and truth.sign(trace, plain)
        ),
        "",
    )


def _first_request_without_sa(trace: Trace, _plain: Trace) -> bool:
    """Tell whether loop detection had nothing to compare with when the loop was given up."""
    asked = [check for step in trace.steps for check in step.checks if check.id == "loop-detection"]
    return bool(asked) and asked[-1].right == "no SA used yet"


def _leaks(trace: Trace, _plain: Trace) -> bool:
    return trace.verdict.outcome == "leak"


def _tag_spared_the_search(trace: Trace, plain: Trace) -> bool:
    """Tell whether a stale OUT_DONE spared the reply the search for an SA that there is not."""
    return trace.verdict.code == "use-without-sa" and plain.found("stale-out-done") is not None


def _forwarded_again(trace: Trace, plain: Trace) -> bool:
    """Tell whether a stale OUT_DONE kept a packet from being forwarded more than once."""
    return len(trace.at("ip_forward")) > len(plain.at("ip_forward")) and plain.found("stale-out-done") is not None


def _got_further(*codes: str) -> Sign:
    """Make the sign that a packet which one of these ended without the fix was accepted with too little."""
    return lambda trace, plain: plain.verdict.code in codes and trace.found("clear-accepted") is not None


def _copy_answered(trace: Trace, _plain: Trace) -> bool:
    return bool(trace.at("ip_mloopback"))


_WORSE = "worse-than-none"
_LOOP = (
    "any OUT_DONE ends the loop that the packet is in without the fix; so it arrives, with less than its inbound"
    " policy insists on, and is accepted as the kernel of 2003 accepts any such packet"
)
KNOWN = (
    Known(
        "loop",
        "",
        _first_request_without_sa,
        "loop detection looks at the SA of a bundle's first request alone; where level use lets that go without"
        " one, nothing ever matches, and the next request's SA is applied until the packet is too long",
    ),
    Known(
        _WORSE,
        "linux",
        _leaks,
        "lo has no IPsec there: whatever the policies say, everything crosses in clear and is accepted",
    ),
    Known(
        _WORSE,
        "",
        _tag_spared_the_search,
        "without the stale tag the reply's policy is applied, as it should be; its level is use, there is no SA,"
        " and this code cannot go on without one",
    ),
    Known(
        _WORSE,
        "",
        _forwarded_again,
        "the stale OUT_DONE ended a loop: without it a tunnel both of whose ends are this host's takes a packet"
        " that it forwards in again and again, until the TTL runs out",
    ),
    Known(
        _WORSE,
        "netbsd-2015",
        _got_further("use-without-sa", "ipcomp-disabled"),
        "level use without an SA is no error there, and IPComp is switched on; so the packet arrives, with less"
        " than its inbound policy insists on, and is accepted as the kernel of 2003 accepts any such packet",
    ),
    *(Known(_WORSE, fix, _got_further("loop"), _LOOP) for fix in ("freebsd-13", "freebsd-pf-2021", "netbsd-2015")),
    Known(
        "clean-with-errno",
        "",
        _copy_answered,
        "the copy that ip_mloopback made of a packet to a group was answered; the packet itself met an error",
    ),
)
"""Law, fix, sign and reason.  A panic for IPComp breaks no law: it is as bad without a fix."""
