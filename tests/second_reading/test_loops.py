"""Loops: those that end in the kernel run to their end, the others are stopped and say so."""

from __future__ import annotations

import pytest
from msgspec import structs

from ipsec_lo_trace import Setup, ping, probe
from ipsec_lo_trace.machine import run
from tests.cli.support import invoke

USE_THEN_AH = """
add 10.9.9.2 10.9.9.1 ah 0x1002 -A hmac-sha1 0x5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a ;
spdadd 0.0.0.0/0 0.0.0.0/0 any -P out ipsec esp/transport//use ah/transport//require ;
"""
ENDS = Setup(config=USE_THEN_AH, source="10.9.9.2", host="10.9.9.1", local=("10.9.9.1", "10.9.9.2"))


@pytest.mark.slow
@pytest.mark.parametrize(("size", "headers"), [(56, 2728), (0, 2730)])
def test_the_ah_loop_runs_to_its_end(size: int, headers: int) -> None:
    """ESP is missing, so ip_output never knows the packet again: AH until it exceeds 65,535 bytes."""
    verdict = ping(structs.replace(ENDS, size=size)).verdict
    assert (verdict.counters["ahs_output"], verdict.counters["ahs_toobig"]) == (headers, 1)
    assert (verdict.outcome, verdict.code, verdict.errno) == ("lost", "message-too-long", None)


@pytest.fixture
def short_rows(monkeypatch: pytest.MonkeyPatch) -> int:
    """Call a loop a loop earlier, so that a test need not wait."""
    monkeypatch.setattr(run, "ROW_LIMIT", 400)
    return 400


def test_a_loop_without_end_is_stopped(short_rows: int) -> None:
    """Encapsulate and forward goes on for good: the run is stopped, and its outcome is "loop"."""
    trace = probe("redirect", Setup(case="forward-loop", fix="looutput-only"))
    assert (trace.verdict.outcome, trace.verdict.code) == ("loop", "loop")
    assert len([step for step in trace.steps if not step.reason]) <= short_rows + 1


@pytest.mark.parametrize("fix", ["none", "netbsd-2003-08"])
def test_the_same_packet_ends_where_lo0_keeps_tags(fix: str) -> None:
    """Its OUT_DONE is known again, so it goes round as it is until its TTL runs out."""
    assert probe("redirect", Setup(case="forward-loop", fix=fix)).verdict.outcome != "loop"


def test_rows_are_counted_for_each_request(short_rows: int) -> None:
    """A run of many requests is no loop, however long: the limit is on what descends from one."""
    trace = ping(Setup(count=short_rows // 10))
    assert len(trace.steps) > short_rows
    assert trace.verdict.outcome != "loop"


def test_bytes_are_limited_as_rows_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request whose packets come to more bytes than the limit is stopped too."""
    monkeypatch.setattr(run, "BYTE_LIMIT", 500)
    assert ping(Setup(size=1000)).verdict.outcome == "loop"


def test_an_experiment_ends_too() -> None:
    """A packet whose tags are taken away in ip_output is encrypted until it is too long."""
    trace = probe("multicast-out", Setup(drop_mark=("tags@ip_output",)))
    assert {step.reason for step in trace.steps} >= {"message-too-long"}


def test_rows_of_a_burst_are_counted_for_each_request(short_rows: int) -> None:
    """Requests that take turns have their own rows counted, not each other's."""
    trace = ping(Setup(preload=short_rows // 10, fix="patched"))
    assert len(trace.steps) > short_rows
    assert trace.verdict.outcome != "loop"


def test_the_limits_are_told() -> None:
    """The row that stops a loop says after how many rows or bytes."""
    assert run.LOOP.text.endswith("40000 rows or 256 MiB a request")


@pytest.mark.parametrize(("short", "outcome"), [(0, "leak"), (1, "loop")])
def test_bytes_are_counted_where_they_change(
    short: int, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A packet that a stage passes on as it is has its bytes counted no second time."""
    shown = [step.wire.len for step in ping().steps if step.bytes is not None]
    monkeypatch.setattr(run, "BYTE_LIMIT", sum(shown) - short)
    assert ping().verdict.outcome == outcome


def test_bisecting_a_redirect_breaks_no_invariant() -> None:
    """The copy that the redirect quotes bears marks of its own, so each of them can be taken away."""
    assert invoke("probe", "redirect", "--bisect").code == 0
