"""What is noted of an exchange, row by row?  Cases of a table differ in one part of what decides."""

from __future__ import annotations

from typing import Any

import pytest

from ipsec_lo_trace.model.operands import NO_LIVE_SA
from ipsec_lo_trace.model.trace import Change, Check, Mark, Packet, Step, Verdict
from tests.findings.test_judge import END, OUTPUT, policy, run_record, step, verdict

PING = "socket:ping"
REQUIRE_IN, REQUIRE_OUT = policy("in", "esp/transport//require"), policy("out", "esp/transport//require")


def wire(*proto: str, spi: int = 0, offset: int = 0, src: str = "127.0.0.1") -> Packet:
    """Describe a packet."""
    spis = [spi] if spi else []
    return Packet(list(proto), spis, [], [], src, "127.0.0.1", 84, 1, 255, offset, more=False, info="")


def codes(found: Verdict) -> dict[str, tuple[int, int | None]]:
    """Give the findings by code: the row, and since when."""
    return {finding.code: (finding.row, finding.since) for finding in found.findings}


def mark(name: str, *, stale: bool = True, spi: int | None = None) -> Mark:
    """Make a mark of the request's."""
    return Mark(name, "P1", 1, stale, spi=spi)


def check(question: str, answer: str, settled_by: Mark | None = None) -> Check:
    """Make a check between nothing and nothing."""
    return Check(question, NO_LIVE_SA, NO_LIVE_SA, answer, settled_by)


@pytest.mark.parametrize(
    ("question", "answer", "settled_by", "found"),
    [
        ("gate-1-tag", "default", mark("IN_DONE", stale=False), {"default-policy": (4, None)}),
        ("gate-1-tag", "found", mark("IN_DONE", stale=False), {}),
        ("gate-1-flag", "default", mark("IN_DONE", stale=False), {}),
        ("gate-1-tag", "default", mark("IN_DONE"), {"policy-by-stale-tag": (4, 3)}),
        ("packet-filter", "skipped", mark("IN_DONE"), {"packet-filter-skipped": (4, 3)}),
        ("packet-filter", "skipped", mark("IN_DONE", stale=False), {"stale-carried": (3, 3)}),
        ("loop-detection", "done", mark("OUT_DONE"), {"stale-out-done": (4, 3)}),
    ],
)
def test_what_a_check_shows(
    question: str, answer: str, settled_by: Mark, found: dict[str, tuple[int, int | None]]
) -> None:
    """A stale mark that settles a question is a finding, a stale one that does not is carried along."""
    carrying = question == "packet-filter" or settled_by.stale
    reflect = step("icmp_reflect", "P2", row=3, marks=(mark("IN_DONE"),) if carrying else ())
    asks = step("ip_input", "P2", row=4, checks=[check(question, answer, settled_by)])
    assert codes(verdict(run_record(), reflect, asks, END)) == found


def test_a_mark_that_is_removed_as_the_packet_is_made_was_stale_since_then() -> None:
    """A stale mark counts from the row in which its packet first appears, borne or just stripped."""
    stripped = step("icmp_reflect", "P2", row=3, changes=[Change("remove", mark("IN_DONE"))])
    assert codes(verdict(run_record(), stripped, END)) == {"stale-carried": (3, 3)}
    added = step("icmp_reflect", "P2", row=3, changes=[Change("add", mark("IN_DONE"))])
    assert codes(verdict(run_record(), added, END)) == {}
    later = step("ip_output", "P2", row=3, changes=[])
    assert codes(verdict(run_record(), later, step("ip_output", "P2", row=4, marks=(mark("PF"),)), END)) == {}


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"reason": "in-policy", "counters": {"ips_total": 1}}, {"uncounted-drop": (4, None)}),
        ({"reason": "in-policy", "counters": {}}, {"uncounted-drop": (4, None)}),
        ({"reason": "in-policy", "counters": {"ips_total": 1, "ips_cantforward": 1}}, {}),
        ({"reason": "socket-policy", "counters": {"ips_total": 1}}, {}),
        ({"reason": "error-suppressed"}, {"error-suppressed": (4, None)}),
        ({"reason": "null-sa", "decision": "panic"}, {"panic": (4, None)}),
        ({"reason": "null-sa"}, {}),
    ],
)
def test_what_an_ending_shows(fields: dict[str, Any], found: dict[str, tuple[int, int | None]]) -> None:
    """A drop by policy that moves no counter of its own, an error not sent, a panic."""
    assert codes(verdict(run_record(), OUTPUT, step("ip_input", "P2", row=4, **fields), received=0)) == found


@pytest.mark.parametrize(
    ("mark_spi", "wire_spi", "found"),
    [(1, 2, True), (1, 1, False), (None, 2, False), (1, 0, False)],
)
def test_a_tag_is_held_against_the_header_that_it_is_for(
    mark_spi: int | None, wire_spi: int, *, found: bool
) -> None:
    """An OUT_DONE with another SPI than the outermost header's is a wrong tag."""
    change = Change("add", mark("OUT_DONE", stale=False, spi=mark_spi))
    done = step("ipsec_process_done", row=2, changes=[change], wire=wire("esp", spi=wire_spi))
    shown = codes(verdict(run_record(), done, END))
    assert shown == ({"wrong-tag": (2, None)} if found else {})


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ({}, True),
        ({"stage": "ah_output"}, False),
        ({"wire": wire("esp", spi=2)}, False),
        ({"packet": "P2"}, False),
        ({"to": "", "reason": "message-too-long"}, False),
    ],
)
def test_the_same_sa_twice_on_one_packet(second: dict[str, Any], *, found: bool) -> None:
    """Protocol, SPI and packet must be equal, and the packet must have gone on."""
    sealing: dict[str, Any] = {"stage": "esp_output", "to": "esp_output_cb", "wire": wire("esp", spi=1)}
    rows = [step(row=2, **sealing), step(row=3, **sealing | second)]
    shown = codes(verdict(run_record(), *rows, received=0))
    assert shown == ({"encapsulated-twice": (3, None)} if found else {})


@pytest.mark.parametrize(
    ("fields", "leaks"),
    [
        ({"wire": wire("icmp")}, 1),
        ({"wire": wire("esp", spi=1)}, 0),
        ({"wire": wire("icmp", offset=8)}, 0),
        ({"wire": wire("icmp"), "stage": "ether_output"}, 1),
        ({"wire": wire("icmp"), "stage": "ip_output"}, 0),
    ],
)
def test_where_clear_text_is_seen(fields: dict[str, Any], leaks: int) -> None:
    """On lo0 or ex0, in a packet's first fragment, without what the outbound policy asks for."""
    usual: dict[str, Any] = {"stage": "looutput", "packet": "P2", "row": 3, "to": "ip_input"}
    leaving = step(**usual | fields)
    assert verdict(run_record(REQUIRE_OUT), OUTPUT, leaving, END).leaks == leaks


@pytest.mark.parametrize(
    ("wrapped", "seen", "leaks"),
    [
        ("ah_output", wire("esp", spi=1), 0),
        ("ah_output", wire("icmp"), 1),
        ("esp_output", wire("esp", spi=1), 1),
        ("ah_output", wire("ipcomp"), 1),
    ],
)
def test_what_is_inside_a_sealed_packet_its_rows_say(wrapped: str, seen: Packet, leaks: int) -> None:
    """ESP and AH are required: AH counts behind an ESP header if a row put it there, and nowhere else."""
    both = policy("out", "esp/transport//require", "ah/transport//require")
    rows = [
        OUTPUT,
        step(wrapped, "P2", row=3, to=f"{wrapped}_cb", wire=wire("ah", spi=1)),
        step("looutput", "P2", row=4, to="ip_input", wire=seen),
    ]
    assert verdict(run_record(both), *rows, END).leaks == leaks


@pytest.mark.parametrize(
    ("came_as", "end", "leaks"),
    [
        (wire("icmp"), END, 1),
        (wire("esp", spi=1), END, 0),
        (None, END, 0),
        (wire("icmp"), step("rip_input", "P2", row=4, reason="socket-policy"), 0),
        (wire("icmp"), step("ether_output", "P2", row=4, to="socket:wire", wire=wire("esp")), 0),
    ],
)
def test_when_a_packet_is_accepted_in_clear(came_as: Packet | None, end: Step, leaks: int) -> None:
    """It crossed lo0 without what the inbound policy insists on, and reached a socket here."""
    rows = [step("looutput", "P2", row=3, to="ip_input", wire=came_as)] if came_as else []
    found = verdict(run_record(REQUIRE_IN), OUTPUT, *rows, end)
    assert ("clear-accepted" in codes(found)) == bool(leaks)
    assert found.leaks == leaks


def test_an_answered_request_was_accepted_where_ip_input_let_it_in() -> None:
    """The leak's row is that of ip_input, which handed the request to icmp_input, not icmp_input's own."""
    rows = [
        step("ip_output", row=1),
        step("looutput", row=2, to="ip_input"),
        step("ip_input", row=3, to="icmp_input"),
        step("icmp_input", row=4, to="icmp_reflect"),
        *(OUTPUT, END),
    ]
    assert codes(verdict(run_record(REQUIRE_IN), *rows))["clear-accepted"] == (3, None)
    raw = step("icmp_input", row=4, to="rip_input")
    assert "clear-accepted" not in codes(verdict(run_record(REQUIRE_IN), *rows[:3], raw, received=0))


@pytest.mark.parametrize(
    ("arriving", "packet", "leaks"),
    [
        (wire("icmp"), "P1", True),
        (wire("esp", spi=1), "P1", False),
        (wire("ah", "icmp", spi=1), "P1", False),
        (wire("icmp"), "P2", False),
    ],
)
def test_a_request_that_others_sent_came_as_its_first_row_shows(
    arriving: Packet, packet: str, *, leaks: bool
) -> None:
    """Without a row of output a plain request came in clear; of a sealed one nothing is known yet."""
    rows = [
        step("ip_input", packet, row=1, wire=arriving),
        step("rip_input", packet, row=2, to="socket:ping"),
    ]
    assert ("clear-accepted" in codes(verdict(run_record(REQUIRE_IN), *rows))) is leaks


def test_a_failed_call_is_an_error_wherever_the_packet_ended() -> None:
    """An error is what a system call returned, not the errno of a drop that nobody was told of."""
    told = step(
        "ip_output", row=1, reason="no-route", errno="EHOSTUNREACH", returned="EHOSTUNREACH", text="no"
    )
    untold = step("ip_output", row=1, reason="no-route", errno="EHOSTUNREACH")
    found = verdict(run_record(), told, received=0)
    assert (found.outcome, found.code, found.text) == ("error", "no-route", "no")
    assert (found.effect, found.seen) == (1, 1)
    assert verdict(run_record(), untold, received=0).outcome == "lost"


@pytest.mark.parametrize(
    ("visit", "protocol", "leaks"), [(1, "icmp", 1), (1, "udp", 0), (2, "icmp", 0), (2, "udp", 0)]
)
def test_whose_policy_counts_is_read_before_anything_is_put_around_the_packet(
    visit: int, protocol: str, leaks: int
) -> None:
    """A policy for ICMP is for what is ICMP as it first comes to ip_output, whatever leaves the host."""
    icmp = policy("out", "esp/transport//require", upper=1)
    output = step("ip_output", "P2", row=2, visit=visit, wire=wire(protocol))
    leaving = step("looutput", "P2", row=3, to="ip_input", wire=wire("ah", protocol, spi=1))
    assert verdict(run_record(icmp), output, leaving, END).leaks == leaks
