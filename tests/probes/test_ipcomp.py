"""Does ``probe ipcomp`` show what NetBSD's source says of IPComp?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import trace as run_plan
from ipsec_lo_trace.userland.probe_kind import known_probe
from ipsec_lo_trace.userland.program import ProbeOptions
from tests.support import LOCALHOST, PATCHED, UNPATCHED, Traced, taken_apart

KIND = "ipcomp"
CROSSED = "ipcomp:1002#0"


def probe(fix: str = UNPATCHED, *, count: int = 1, size: int = 56, **settings: str) -> Traced:
    """Trace the probe over the configuration that it brings."""
    plan = Plan(
        options=ProbeOptions(kind=KIND, dst=LOCALHOST, count=count, size=size),
        fix=known_fix(fix),
        chosen="a test",
        config=Origin("given"),
        settings=tuple(settings.items()),
    )
    return taken_apart(run_plan(plan, load(known_probe(KIND).config, "a test")))


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_the_kernel_of_2003_panics_at_the_request(fix: str) -> None:
    """The probe switches IPComp on; the request panics the kernel, with and without the fix."""
    seen = probe(fix, count=2)
    assert (seen.verdict.outcome, seen.verdict.code) == ("panic", "ipcomp-null-tag")
    assert (seen.verdict.sent, seen.verdict.received, seen.lo0) == (1, 0, [CROSSED])


@pytest.mark.parametrize(
    ("fix", "lo0", "outcome"),
    [(UNPATCHED, [CROSSED, "icmp"], "leak"), (PATCHED, [CROSSED, CROSSED], "clean")],
)
def test_with_the_tag_mended_the_request_is_answered(fix: str, lo0: list[str], outcome: str) -> None:
    """The reply goes uncompressed for the stale OUT_DONE, or compressed with the fix; ping gets it."""
    seen = probe(fix, ipcomp_null_tag="ok")
    assert (seen.lo0, seen.verdict.outcome, seen.verdict.received) == (lo0, outcome, 1)
    assert all(mark.name == "OUT_DONE" for step in seen.steps for mark in step.marks)


def test_the_fix_of_2015_brings_the_mended_tag() -> None:
    """Under netbsd-2015 both packets are compressed, and every echo is answered."""
    seen = probe("netbsd-2015", count=3)
    assert (seen.lo0, seen.verdict.outcome, seen.verdict.received) == ([CROSSED] * 6, "clean", 3)


def test_it_can_be_switched_off_again() -> None:
    """As the kernel came, ipcomp_enable is 0: sendto fails."""
    assert probe(ipcomp_enable="0").verdict.errno == "EHOSTUNREACH"


@pytest.mark.parametrize("size", [40, 56, 200])
def test_its_data_can_be_compressed(size: int) -> None:
    """Echo after echo the data shrink, whatever the timestamp; ping's own would not."""
    seen = probe(PATCHED, count=3, size=size, ipcomp_null_tag="ok")
    assert all(step.wire.len < 20 + 8 + size for step in seen.at("ipcomp_output"))
    assert seen.verdict.received == 3


def test_an_unknown_probe_is_told() -> None:
    """There is no probe of another name for it."""
    with pytest.raises(UserError, match="ipcomp"):
        known_probe("ipcomp-tunnel")
