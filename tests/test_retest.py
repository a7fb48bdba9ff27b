"""The re-test that the analysis asked for: other traffic over lo0, row by row.

Each row says which probe sends it, what an August 2003 kernel does with it, and what the announced fix
changes.  Rows marked "ran" were seen when NetBSD's own stack (2016 sources) ran as a user-space kernel; the
others follow from the sources.  IPv6 is not among them: FAST_IPSEC of August 2003 had none, and every address
that is given is refused if it is IPv6.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ipsec_lo_trace import Setup, Trace, ping, probe
from ipsec_lo_trace.matrix import all_rows
from ipsec_lo_trace.model.trace import Mark, Step

PATCHED = "netbsd-2003-08"
NO_MARKS: list[str] = []
ESP_HISTORY = ["IN_DONE", "OUT_DONE", "M_DECRYPTED"]


class Claim(NamedTuple):
    """A probe over a case: outcome and code without a fix, with the announced one, and the answer's history.

    ``inherits`` names the marks on the answer, P2, when it first comes to ip_output without a fix; None where
    no answer is made.
    """

    kind: str
    case: str
    unpatched: tuple[str, str]
    patched: tuple[str, str]
    inherits: list[str] | None


CLEAN = ("clean", "clean")
LEAK = ("leak", "stale-out-done")
CLAIMS = {
    "ICMP timestamp: the same mbuf, as an echo (ran)": Claim("timestamp", "lo-esp", LEAK, CLEAN, ESP_HISTORY),
    "ICMP address mask: the same mbuf, as an echo (ran)": Claim("mask", "lo-esp", LEAK, CLEAN, ESP_HISTORY),
    "ICMP error over ESP: not sent at all (ran)": Claim(
        "udp-closed", "lo-esp", ("lost", "error-suppressed"), ("lost", "error-suppressed"), None
    ),
    "ICMP error over AH: a new mbuf, protected (ran)": Claim("udp-closed", "lo-ah", CLEAN, CLEAN, NO_MARKS),
    "UDP echo by a socket: a new mbuf": Claim("udp-echo", "lo-esp", CLEAN, CLEAN, NO_MARKS),
    "TCP SYN-ACK: a new mbuf (ran)": Claim("tcp-open", "lo-esp", CLEAN, CLEAN, NO_MARKS),
    "TCP RST: the SYN's mbuf, and the fix does not reach it (ran)": Claim(
        "tcp-closed", "lo-esp", LEAK, LEAK, ESP_HISTORY
    ),
    "forwarded: the same mbuf": Claim("forward", "", LEAK, LEAK, ["ENCAP", *ESP_HISTORY]),
    "record route: kept, tags as without it (ran)": Claim("record-route", "lo-esp", LEAK, CLEAN, ESP_HISTORY),
    "timestamp option: kept, tags as without it (ran)": Claim(
        "timestamp-option", "lo-esp", LEAK, CLEAN, ESP_HISTORY
    ),
    "source route: each hop is a forwarding, and no leak of its own": Claim(
        "source-route", "ab-esp", ("stale", "stale-out-done"), ("stale", "stale-out-done"), ["OUT_DONE"]
    ),
    "over lo0's MTU: after reassembly the first fragment's marks are the packet's (ran)": Claim(
        "big", "lo-esp", LEAK, CLEAN, ESP_HISTORY
    ),
    "don't fragment, too long after ESP: the error is lost to the sender": Claim(
        "df", "lo-esp", ("lost", "cannot-fragment"), ("lost", "cannot-fragment"), None
    ),
    "IPComp: a page fault at the request": Claim(
        "ipcomp", "", ("panic", "ipcomp-null-tag"), ("panic", "ipcomp-null-tag"), None
    ),
    "IP in IP: the ENCAP tag is still on the reply (ran)": Claim(
        "encap", "", LEAK, CLEAN, ["ENCAP", *ESP_HISTORY]
    ),
    "IP in IP by a process: what is inside inherits the history of a transport-mode SA": Claim(
        "ipip", "lo-esp", LEAK, CLEAN, ["ENCAP", *ESP_HISTORY]
    ),
    "multicast: the copy that comes back is taken before IPsec": Claim(
        "multicast", "", ("leak", "policy-not-asked"), ("leak", "policy-not-asked"), None
    ),
    "redirect: not sent, for the copy that it quotes came by ESP": Claim("redirect", "", LEAK, LEAK, None),
}


def run(claim: Claim, fix: str) -> Trace:
    """Run a claim's probe."""
    return probe(claim.kind, Setup(case=claim.case or None, fix=fix))


@pytest.mark.parametrize("name", CLAIMS)
def test_a_row_of_the_re_test(name: str) -> None:
    """The probe comes out as claimed, without a fix and with the announced one."""
    claim = CLAIMS[name]
    for fix, expected in (("none", claim.unpatched), (PATCHED, claim.patched)):
        verdict = run(claim, fix).verdict
        assert (verdict.outcome, verdict.code) == expected, fix


@pytest.mark.parametrize("name", [name for name, claim in CLAIMS.items() if claim.inherits is not None])
def test_what_the_answer_inherits(name: str) -> None:
    """Without a fix the answer comes to ip_output with the history that its mbuf has, all of it stale."""
    claim = CLAIMS[name]
    trace = run(claim, "none")
    marks = coming_to(trace, trace.at("ip_output", "P2")[0])
    assert [mark.name for mark in marks] == claim.inherits
    assert all(mark.stale for mark in marks)


def coming_to(trace: Trace, step: Step) -> list[Mark]:
    """Return the marks of a packet as it comes to a row: those of the row before it."""
    before = [other for other in trace.steps if other.row < step.row and other.packet == step.packet]
    return list(before[-1].marks) if before else []


def test_every_probe_is_in_the_re_test() -> None:
    """No probe is without a claim, but the one that differs from multicast in its interface alone."""
    probed = {row.program.partition(" ")[2] for row in all_rows() if row.program != "ping"}
    assert probed - {claim.kind for claim in CLAIMS.values()} == {"multicast-out"}


def test_only_the_first_fragment_carries_marks() -> None:
    """Of a packet over lo0's MTU the first fragment keeps tags and flags, the others have none."""
    trace = probe("big", Setup(case="lo-esp"))
    fragments = [step for step in trace.at("looutput") if step.wire.more or step.wire.offset]
    assert len(fragments) >= 2
    assert [bool(step.marks) for step in fragments] == [step.wire.offset == 0 for step in fragments]


def test_a_mask_request_that_is_not_answered_goes_to_the_raw_sockets() -> None:
    """With net.inet.icmp.maskrepl 0 the request is not reflected, so nothing leaks."""
    trace = probe("mask", Setup(case="lo-esp", settings={"maskrepl": "0"}))
    assert trace.at("icmp_reflect") == []
    assert trace.verdict.outcome == "lost"


def test_the_redirect_that_is_owed_is_suppressed() -> None:
    """ip_forward owes the sender a redirect, and icmp_error sends none: the copy bears M_DECRYPTED."""
    trace = probe("redirect")
    assert trace.found("error-suppressed") is not None


@pytest.mark.parametrize("case", ["lo-esp", "lo-ah", "lo-bundle"])
def test_a_clear_answer_is_accepted_by_the_requests_flags(case: str) -> None:
    """Without a fix the reply in clear passes the socket's gate by flags that tell of the request."""
    trace = ping(Setup(case=case))
    assert {"clear-text", "clear-accepted", "stale-flag"} <= {finding.code for finding in trace.findings}
