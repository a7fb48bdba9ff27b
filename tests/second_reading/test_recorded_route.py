"""Recorded addresses: those of ``ping -R`` tell the kernels apart without a sniffer."""

from __future__ import annotations

import pytest

from ipsec_lo_trace.wire import ip
from tests.support import PATCHED, UNPATCHED, Traced, trace

POINTER, FIRST_SLOT, SLOT = 2, 4, 4
"""A record route's third byte points to its first free slot, and to 4 when none is filled."""


def recorded(traced: Traced) -> int:
    """Count the addresses in the reply as it was when it was written to last, on its way to ping."""
    [*_earlier, last] = [step.bytes for step in traced.steps if step.bytes]
    return (ip.read(bytes.fromhex(last)).options[POINTER] - FIRST_SLOT) // SLOT


@pytest.mark.parametrize(
    ("case", "unpatched", "patched"),
    [("lo-esp", 3, 4), ("wildcard", 3, 4), ("ab-esp", 4, 4), ("lo-esp-tunnel", 2, 2)],
)
def test_recorded_addresses_tell_the_kernels_apart_without_a_sniffer(
    case: str, unpatched: int, patched: int
) -> None:
    """By ESP ip_input sees a packet twice, in clear once: three addresses for a leak, four without."""
    for fix, count in ((UNPATCHED, unpatched), (PATCHED, patched)):
        traced = trace(case, fix, record_route=True)
        assert traced.verdict.received == 1
        assert recorded(traced) == count


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("case", ["lo-ah", "lo-bundle"])
def test_over_ah_the_kernel_of_2003_answers_no_ping_that_records_its_route(case: str, fix: str) -> None:
    """What ip_input writes into the option breaks the ICV, so over AH there is nothing to count."""
    assert trace(case, fix, record_route=True).verdict.received == 0


def test_without_ipsec_two_addresses_are_recorded() -> None:
    """Request and reply are seen once each."""
    assert recorded(trace("lo-esp", "lo-exempt", record_route=True)) == 2
