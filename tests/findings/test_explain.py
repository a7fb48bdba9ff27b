"""What does a verdict say of why, and where?"""

from __future__ import annotations

from typing import Any

import pytest

from ipsec_lo_trace.findings.explain import NO_REPLY, named
from ipsec_lo_trace.model.operands import NO_LIVE_SA
from ipsec_lo_trace.model.trace import Check, Step
from tests.findings.test_echo import PING, REQUIRE_IN, REQUIRE_OUT, mark, wire
from tests.findings.test_judge import END, OUTPUT, run_record, step, verdict


@pytest.mark.parametrize(
    ("packet", "made_by", "what"),
    [
        ("P1", "", "request"),
        ("P1/2", "", "copy P1/2"),
        ("P2", "icmp_reflect", "reply"),
        ("P2", "tcp_respond", "TCP answer"),
        ("P2", "icmp_error", "ICMP error"),
        ("P3", "icmp_reflect", "packet P3"),
    ],
)
def test_what_a_packet_is_called(packet: str, made_by: str, what: str) -> None:
    """By its name if that says it, else by the stage that made it."""
    assert named(packet, made_by) == what


def asks(question: str, name: str, answer: str = "done", *, stale: bool = True) -> Check:
    """Make a check that a mark settles."""
    return Check(question, NO_LIVE_SA, NO_LIVE_SA, answer, mark(name, stale=stale))


CARRIED = step("icmp_reflect", "P2", row=2, marks=(mark("OUT_DONE"),))
SKIPS = step("ip_output", "P2", row=3, checks=[asks("loop-detection", "OUT_DONE")])
CLEAR = step("looutput", "P2", row=4, to="ip_input")
LATE = step("ip_output", "P2", row=5, checks=[asks("loop-detection", "OUT_DONE")])
BY_TAG = step("ip_input", "P2", row=5, checks=[asks("gate-1-tag", "IN_DONE")])
BY_FLAG = step("rip_input", "P2", row=6, to=PING, checks=[asks("gate-2-flag", "M_DECRYPTED")])


@pytest.mark.parametrize(
    ("rows", "code", "cause", "effect", "unseen"),
    [
        ([CARRIED, SKIPS, CLEAR, END], "stale-out-done", 2, 3, 4),
        ([CARRIED, CLEAR, LATE, END], "policy-not-asked", None, 4, 4),
        ([CARRIED, OUTPUT, CLEAR, LATE, END], "clear-text", None, 4, 4),
        ([CARRIED, SKIPS, CLEAR, BY_FLAG], "stale-out-done", 2, 3, 6),
    ],
)
def test_what_let_clear_text_out(
    rows: list[Step], code: str, cause: int | None, effect: int, unseen: int
) -> None:
    """A stale OUT_DONE that settled a question before; else nobody asked, or it is unexplained."""
    found = verdict(run_record(REQUIRE_OUT), *rows)
    assert (found.outcome, found.code, found.cause, found.effect) == ("leak", code, cause, effect)
    assert (found.unseen, found.seen) == (unseen, None)
    assert ("cause" in found.reasons) is (cause is not None)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([CARRIED, OUTPUT, CLEAR, BY_TAG, BY_FLAG], "stale-flag"),
        ([CARRIED, OUTPUT, CLEAR, BY_TAG, END], "policy-by-stale-tag"),
        ([CARRIED, OUTPUT, CLEAR, END], "clear-text"),
        ([CARRIED, SKIPS, CLEAR, END], "clear-text"),
    ],
)
def test_what_let_clear_text_in(rows: list[Step], code: str) -> None:
    """A stale flag before a stale tag; what let the packet out does not count."""
    assert verdict(run_record(REQUIRE_IN), *rows).code == code


def test_a_leak_whose_packet_was_dropped_is_seen() -> None:
    """The row that drops it is where the kernel noticed; ping got no reply."""
    drop = step("rip_input", "P2", row=6, reason="socket-policy", text="refused")
    found = verdict(run_record(REQUIRE_OUT), CARRIED, SKIPS, CLEAR, drop, received=0)
    assert (found.seen, found.unseen, found.reasons["seen"]) == (6, None, "refused")
    left = step("ether_output", "P2", row=6, to="socket:wire", wire=wire("icmp"))
    found = verdict(run_record(REQUIRE_OUT), CARRIED, SKIPS, left)
    assert (found.seen, found.unseen) == (None, None)


def test_what_satisfied_the_last_check() -> None:
    """The stale mark of the last row is named; a stale mark of an earlier row is not."""
    with_flag = verdict(run_record(REQUIRE_OUT), CARRIED, SKIPS, CLEAR, BY_FLAG)
    without = verdict(run_record(REQUIRE_OUT), CARRIED, SKIPS, CLEAR, END)
    assert "M_DECRYPTED" in with_flag.reasons["unseen"]
    assert with_flag.reasons["unseen"] != without.reasons["unseen"]


@pytest.mark.parametrize(
    ("maker", "fix", "words"),
    [
        ("icmp_reflect", "none", "--patched"),
        ("tcp_respond", "none", "tcp_respond used the mbuf again"),
        ("ip_forward", "none", "lost in the tunnel"),
        ("icmp_reflect", "netbsd-9", "netbsd-9 does not reach it"),
        ("tcp_respond", "netbsd-2003-08", "netbsd-2003-08 does not reach it; strip the tags at lo0"),
    ],
)
def test_what_would_help(maker: str, fix: str, words: str) -> None:
    """The advice is for the stage that used the mbuf again, unless a fix ran that does not reach it."""
    made = step(maker, "P2", row=2, marks=(mark("OUT_DONE"),))
    for run in (run_record(REQUIRE_OUT, fix=fix), run_record(fix=fix)):
        assert words in verdict(run, made, SKIPS, CLEAR, END).fix


@pytest.mark.parametrize(
    ("fields", "code", "text"),
    [({"reason": "bad-icv", "text": "bad"}, "bad-icv", "bad"), ({"to": ""}, "no-reply", NO_REPLY)],
)
def test_why_no_answer_came(fields: dict[str, Any], code: str, text: str) -> None:
    """The drop that ended the echo says it; without one the packet waits."""
    found = verdict(run_record(), step("esp_input_cb", row=2, **fields), received=0)
    assert (found.outcome, found.code, found.text) == ("lost", code, text)
    assert found.seen == (2 if code == "bad-icv" else None)


def test_the_counters_that_moved_are_named() -> None:
    """A dropped packet's reason names them in order, or says that none moved."""
    drop = step("esp_input_cb", row=2, reason="bad-icv", counters={"b": 1, "a": 1})
    assert verdict(run_record(), drop, received=0).reasons["seen"] == "esp_input_cb ends it: a, b"
    silent = step("esp_input_cb", row=2, reason="bad-icv")
    assert verdict(run_record(), silent, received=0).reasons["seen"].endswith("no counter moved")
