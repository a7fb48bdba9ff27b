"""What must hold on lo0 of a kernel that treats packet tags and mbuf flags as ours does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ipsec_lo_trace import Setup, Trace

Tracer = Callable[[Setup], Trace]
OURS = {"icmp_reflect": "tags", "tcp_respond": "tags", "looutput": "tags"}
"""What our kernel strips, as switches of the model: ``ipsec-lo-trace list knobs`` names them."""
POLICY = Path(__file__).with_name("loopback.conf").read_text(encoding="utf-8")
CASES = ["lo-esp", "lo-ah", "lo-bundle", "ab-esp", "wildcard"]


def in_clear(trace: Trace) -> list[str]:
    """Name the packets that crossed lo0 without ESP or AH."""
    return [crossing.packet for crossing in trace.crossings if not {"esp", "ah"} & {*crossing.proto}]


def test_our_own_policy_holds(ipsec_trace: Tracer) -> None:
    """Under the setkey(8) file that we ship, request and reply cross lo0 encrypted."""
    trace = ipsec_trace(Setup(config=POLICY, settings=OURS, count=3))
    assert trace.verdict.outcome == "clean", trace.verdict.text
    assert trace.verdict.received == 3
    assert in_clear(trace) == []


@pytest.mark.parametrize("case", CASES)
def test_no_stale_mark_decides_about_a_reply(case: str, ipsec_trace: Tracer) -> None:
    """No question about a reply is settled by a mark that was made for its request."""
    trace = ipsec_trace(Setup(case=case, settings=OURS))
    stale = [(step.row, check.id) for step in trace.steps for check in step.checks if check.decided_by_stale]
    assert stale == []
    assert in_clear(trace) == []


@pytest.mark.parametrize("case", CASES)
def test_a_reset_is_protected(case: str, ipsec_trace: Tracer) -> None:
    """The RST for a closed port starts its way out with no tag of the SYN that it answers."""
    trace = ipsec_trace(Setup(probe="tcp-closed", case=case, settings=OURS))
    out = trace.at("ip_output", "P2")[0]
    assert [mark.name for mark in out.marks if mark.stale and not mark.name.startswith("M_")] == []
    assert trace.verdict.outcome == "clean", trace.verdict.text


def test_what_the_flags_still_let_in(ipsec_trace: Tracer) -> None:
    """Known and accepted: where no policy protects the reply, the request's M_DECRYPTED lets it in."""
    trace = ipsec_trace(Setup(case="asymmetric", settings=OURS))
    finding = trace.found("stale-flag")
    assert finding is not None
    assert trace.steps[finding.row - 1].stage == "ip_input"


def test_clearing_the_flags_too_would_mend_that(ipsec_trace: Tracer) -> None:
    """With lo0 clearing the flags as well, the reply in clear is refused."""
    trace = ipsec_trace(Setup(case="asymmetric", settings=OURS | {"looutput": "all"}))
    assert trace.verdict.outcome == "lost"
    assert trace.found("stale-flag") is None
