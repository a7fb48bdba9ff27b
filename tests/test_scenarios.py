"""Does each policy shape come out as the sources imply and as NetBSD's own stack showed?

Expectations follow from the sources (see docs/reference/fidelity.md) and, where it ran them, are those of
NetBSD's own network stack (2016 sources, run as a user-space kernel with the 2003 differences switched back).
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from tests.support import PATCHED, SCENARIOS, UNPATCHED, trace


class Expected(NamedTuple):
    """What two echoes over a scenario come to, under one kernel."""

    outcome: str
    code: str
    ping: str
    errno: str | None
    lo0: str


CLEAR = "icmp"

CASES = {
    ("lo-esp", UNPATCHED): Expected("leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"),
    ("lo-esp", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("lo-ah", UNPATCHED): Expected("leak", "stale-out-done", "ok", None, "ah:1001#1 icmp ah:1001#3 icmp"),
    ("lo-ah", PATCHED): Expected("clean", "clean", "ok", None, "ah:1001#1 ah:1001#3 ah:1001#5 ah:1001#7"),
    ("lo-esp-tunnel", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("lo-esp-tunnel", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("lo-ah-tunnel", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "ah:1001#1 icmp ah:1001#3 icmp"
    ),
    ("lo-ah-tunnel", PATCHED): Expected(
        "clean", "clean", "ok", None, "ah:1001#1 ah:1001#3 ah:1001#5 ah:1001#7"
    ),
    ("lo-bundle", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "ah:1011#1/esp:1001#1 icmp ah:1011#3/esp:1001#3 icmp"
    ),
    ("lo-bundle", PATCHED): Expected(
        "clean",
        "clean",
        "ok",
        None,
        "ah:1011#1/esp:1001#1 ah:1011#3/esp:1001#3 ah:1011#5/esp:1001#5 ah:1011#7/esp:1001#7",
    ),
    ("own-address", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("own-address", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("ab-esp", UNPATCHED): Expected(
        "stale", "packet-filter-skipped", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("ab-esp", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("ab-ah", UNPATCHED): Expected(
        "stale", "packet-filter-skipped", "ok", None, "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3"
    ),
    ("ab-ah", PATCHED): Expected("clean", "clean", "ok", None, "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3"),
    ("ab-esp-tunnel", UNPATCHED): Expected(
        "stale", "packet-filter-skipped", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("ab-esp-tunnel", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("ab-ah-tunnel", UNPATCHED): Expected(
        "stale", "packet-filter-skipped", "ok", None, "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3"
    ),
    ("ab-ah-tunnel", PATCHED): Expected(
        "clean", "clean", "ok", None, "ah:2001#1 ah:2002#1 ah:2001#3 ah:2002#3"
    ),
    ("ab-bundle", UNPATCHED): Expected(
        "stale",
        "packet-filter-skipped",
        "ok",
        None,
        "ah:2011#1/esp:2001#1 ah:2012#1/esp:2002#1 ah:2011#3/esp:2001#3 ah:2012#3/esp:2002#3",
    ),
    ("ab-bundle", PATCHED): Expected(
        "clean",
        "clean",
        "ok",
        None,
        "ah:2011#1/esp:2001#1 ah:2012#1/esp:2002#1 ah:2011#3/esp:2001#3 ah:2012#3/esp:2002#3",
    ),
    ("lo-two-sas", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("lo-two-sas", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("wildcard", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:2001#1 icmp esp:2001#3 icmp"
    ),
    ("wildcard", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("use", UNPATCHED): Expected("leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"),
    ("use", PATCHED): Expected("clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"),
    ("use-no-sa", UNPATCHED): Expected("error", "use-without-sa", "error", "EINVAL", ""),
    ("use-no-sa", PATCHED): Expected("error", "use-without-sa", "error", "EINVAL", ""),
    ("require-no-sa", UNPATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("require-no-sa", PATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("null-sa", UNPATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("null-sa", PATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("forward-loop", UNPATCHED): Expected("clean", "no-policy", "ok", None, "icmp icmp icmp icmp"),
    ("forward-loop", PATCHED): Expected("clean", "no-policy", "ok", None, "icmp icmp icmp icmp"),
    ("in-only", UNPATCHED): Expected("lost", "in-policy", "loss", None, "icmp icmp"),
    ("in-only", PATCHED): Expected("lost", "in-policy", "loss", None, "icmp icmp"),
    ("out-only", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("out-only", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("out-only-ab", UNPATCHED): Expected(
        "stale", "packet-filter-skipped", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("out-only-ab", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:2001#1 esp:2002#1 esp:2001#3 esp:2002#3"
    ),
    ("asymmetric", UNPATCHED): Expected("leak", "stale-flag", "ok", None, "esp:2001#1 icmp esp:2001#3 icmp"),
    ("asymmetric", PATCHED): Expected("leak", "stale-flag", "ok", None, "esp:2001#1 icmp esp:2001#3 icmp"),
    ("in-discard", UNPATCHED): Expected(
        "leak", "stale-out-done", "loss", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("in-discard", PATCHED): Expected(
        "lost", "socket-policy", "loss", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("in-discard-plain", UNPATCHED): Expected("lost", "in-policy", "loss", None, "icmp icmp"),
    ("in-discard-plain", PATCHED): Expected("lost", "in-policy", "loss", None, "icmp icmp"),
    ("out-discard", UNPATCHED): Expected("lost", "out-policy", "loss", None, ""),
    ("out-discard", PATCHED): Expected("lost", "out-policy", "loss", None, ""),
    ("unique", UNPATCHED): Expected("leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"),
    ("unique", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("unique-mismatch", UNPATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("unique-mismatch", PATCHED): Expected("lost", "no-sa", "loss", None, ""),
    ("lo-esp-icmp", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("lo-esp-icmp", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("lo-ah-icmp", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "ah:1001#1 icmp ah:1001#3 icmp"
    ),
    ("lo-ah-icmp", PATCHED): Expected(
        "clean", "clean", "ok", None, "ah:1001#1 ah:1001#3 ah:1001#5 ah:1001#7"
    ),
    ("bundle-reply", UNPATCHED): Expected(
        "stale",
        "packet-filter-skipped",
        "ok",
        None,
        "esp:2001#1 ah:2012#1/esp:2002#1 esp:2001#3 ah:2012#3/esp:2002#3",
    ),
    ("bundle-reply", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:2001#1 ah:2012#1/esp:2002#1 esp:2001#3 ah:2012#3/esp:2002#3"
    ),
    ("bundle-request", UNPATCHED): Expected(
        "leak", "stale-flag", "ok", None, "ah:2011#1/esp:2001#1 esp:2002#1 ah:2011#3/esp:2001#3 esp:2002#3"
    ),
    ("bundle-request", PATCHED): Expected(
        "leak", "stale-flag", "ok", None, "ah:2011#1/esp:2001#1 esp:2002#1 ah:2011#3/esp:2001#3 esp:2002#3"
    ),
    ("default-level", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("default-level", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("lo-ah-in-esp", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("lo-ah-in-esp", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
    ("gate-2", UNPATCHED): Expected("lost", "socket-policy", "loss", None, "esp:2001#1 icmp esp:2001#3 icmp"),
    ("gate-2", PATCHED): Expected("lost", "in-policy", "loss", None, "esp:2001#1 icmp esp:2001#3 icmp"),
    ("replay-window", UNPATCHED): Expected(
        "leak", "stale-out-done", "ok", None, "esp:1001#1 icmp esp:1001#3 icmp"
    ),
    ("replay-window", PATCHED): Expected(
        "clean", "clean", "ok", None, "esp:1001#1 esp:1001#3 esp:1001#5 esp:1001#7"
    ),
}


@pytest.mark.parametrize(("name", "fix"), sorted(CASES))
def test_two_echoes_come_out_as_expected(name: str, fix: str) -> None:
    """Two echoes over the scenario have this outcome, this view for ping, and put this on lo0."""
    traced = trace(name, fix, count=2)
    verdict = traced.verdict
    found = Expected(verdict.outcome, verdict.code, verdict.ping, verdict.errno, " ".join(traced.lo0))
    assert found == CASES[name, fix]


def test_every_scenario_has_its_expectations() -> None:
    """No scenario file is without an expectation for both kernels, and none is missing."""
    names = {path.stem for path in SCENARIOS.glob("*.conf")}
    assert {(name, fix) for name in names for fix in (UNPATCHED, PATCHED)} == set(CASES)


@pytest.mark.parametrize(("name", "fix"), sorted(CASES))
def test_cause_effect_and_seen_are_rows_of_the_trace(name: str, fix: str) -> None:
    """What is not clean points at rows that exist, each with its reason, and cause is before effect."""
    traced = trace(name, fix)
    verdict = traced.verdict
    places = {
        place: row
        for place in ("cause", "effect", "seen", "unseen")
        if (row := getattr(verdict, place)) is not None
    }
    assert ("effect" in places) == (verdict.outcome != "clean")
    assert {*places.values()} <= {step.row for step in traced.steps}
    assert verdict.reasons.keys() == places.keys()
    assert all(verdict.reasons.values())
    assert places.get("cause", 0) <= places.get("effect", 0)


COUNTERS_OF_ONE_ECHO = {
    # Kernel reference 5 (a), both columns; the rest follows from the lengths of the packets.
    UNPATCHED: {
        "ips_localout": 2,
        "ips_total": 3,
        "ips_delivered": 3,
        "esps_output": 1,
        "esps_input": 1,
        "icps_inhist[8]": 1,
        "icps_reflect": 1,
        "icps_outhist[0]": 1,
        "icps_inhist[0]": 1,
        "if_opackets": 2,
        "if_ipackets": 2,
    },
    PATCHED: {
        "ips_localout": 2,
        "ips_total": 4,
        "ips_delivered": 4,
        "esps_output": 2,
        "esps_input": 2,
        "icps_inhist[8]": 1,
        "icps_reflect": 1,
        "icps_outhist[0]": 1,
        "icps_inhist[0]": 1,
        "if_opackets": 2,
        "if_ipackets": 2,
    },
}
BYTE_COUNTERS = {"if_obytes", "if_ibytes", "esps_obytes", "esps_ibytes"}


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_counters_of_one_protected_echo(fix: str) -> None:
    """One echo over one ESP SA moves these counters by these numbers, and no others but byte counts."""
    counters = {
        name: value
        for name, value in trace("lo-esp", fix).verdict.counters.items()
        if name not in BYTE_COUNTERS
    }
    assert counters == COUNTERS_OF_ONE_ECHO[fix]


@pytest.mark.parametrize(("fix", "passes", "bundled"), [(UNPATCHED, 4, 1), (PATCHED, 6, 2)])
def test_counters_of_a_bundle(fix: str, passes: int, bundled: int) -> None:
    """ESP inside AH: ip_input runs once more for each header, and each bundle is counted once."""
    counters = trace("lo-bundle", fix).verdict.counters
    assert (counters["ips_total"], counters["ips_delivered"]) == (passes, passes)
    assert counters["ips_out_bundlesa"] == bundled
    assert [counters[name] for name in ("esps_output", "esps_input", "ahs_output", "ahs_input")] == [
        bundled
    ] * 4


@pytest.mark.parametrize(
    ("name", "counter", "value"),
    [
        ("require-no-sa", "ips_out_nosa", 1),
        ("unique-mismatch", "ips_out_nosa", 1),
        ("out-discard", "ips_out_polvio", 1),
        ("in-discard", "ips_in_polvio", 2),
    ],
)
@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_refusals_that_the_kernel_counts(name: str, counter: str, value: int, fix: str) -> None:
    """A refusal moves the counter that the kernel moves for it: the socket's own one twice."""
    assert trace(name, fix).verdict.counters[counter] == value


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("in-only", {"ips_localout", "if_opackets", "if_obytes", "if_ipackets", "if_ibytes", "ips_total"}),
        ("use-no-sa", {"ips_localout"}),
    ],
)
def test_refusals_that_no_counter_shows(name: str, moved: set[str]) -> None:
    """Gate 1's refusal, and level use without an SA, move no counter of their own."""
    assert trace(name).verdict.counters.keys() == moved
