"""ping(8) itself, of the second reading: header, sockets, numbers, bursts, flush probe."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ipsec_lo_trace import Setup, Trace, UserError, ping
from ipsec_lo_trace.model.packet_name import FLUSH, REQUEST
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import icmp, ip

CLEAR = "spdflush ;"


def sent(trace: Trace) -> Iterator[Step]:
    """Give the rows in which a process sent something."""
    return (step for step in trace.steps if step.via == "syscall")


def message(step: Step) -> bytes:
    """Return the ICMP message of a row's packet."""
    data = bytes.fromhex(step.bytes or "")
    return data[ip.read(data).header_len :]


@pytest.mark.parametrize(
    ("pinger", "rawout", "localout"), [("netbsd", 3, 3), ("plain", None, 6)], ids=["netbsd", "plain"]
)
def test_ping_writes_its_own_ip_header(pinger: str, rawout: int | None, localout: int) -> None:
    """NetBSD's ping counts ips_rawout per request, ips_localout per reply; a plain one the latter twice."""
    counters = ping(Setup(pinger=pinger, count=3)).verdict.counters  # type: ignore[arg-type]
    assert (counters.get("ips_rawout"), counters["ips_localout"]) == (rawout, localout)


@pytest.mark.parametrize(("ttl", "shown"), [(None, 255), (7, 7)])
def test_pings_header_has_ttl_255_no_df_and_its_own_record_route(ttl: int | None, shown: int) -> None:
    """The header that ping hands over has -T's TTL or 255, no DF, and the option of -R already in it."""
    first = next(sent(ping(Setup(ttl=ttl, record_route=True))))
    header = ip.read(bytes.fromhex(first.bytes or ""))
    assert (header.ttl, header.off, header.header_len) == (shown, 0, 60)


@pytest.mark.parametrize(("pinger", "first"), [("netbsd", 0), ("plain", 1)])
def test_the_first_icmp_seq_is_0(pinger: str, first: int) -> None:
    """NetBSD's ping numbers its requests from 0, a plain one from 1."""
    trace = ping(Setup(pinger=pinger, count=3))  # type: ignore[arg-type]
    numbers = [icmp.ident_seq(message(step))[1] for step in sent(trace)]
    assert numbers == [first, first + 1, first + 2]


@pytest.mark.parametrize(
    ("pinger", "count", "preload", "requests", "burst"),
    [
        ("netbsd", 1, 0, 1, 1),
        ("netbsd", 1, 1, 2, 1),
        ("netbsd", 1, 2, 3, 2),
        ("netbsd", 2, 3, 5, 3),
        ("plain", 3, 2, 3, 2),
        ("plain", 2, 3, 2, 2),
    ],
)
def test_preload_is_added_to_count(pinger: str, count: int, preload: int, requests: int, burst: int) -> None:
    """-l N is added to -c, and N requests go out before anything comes back; a plain ping counts them in."""
    trace = ping(Setup(config=CLEAR, pinger=pinger, count=count, preload=preload))  # type: ignore[arg-type]
    assert trace.verdict.sent == trace.verdict.received == trace.run.requests == requests
    first_in = next(step.row for step in trace.steps if step.stage == "ip_input")
    assert sum(step.row < first_in for step in sent(trace)) == burst


@pytest.mark.parametrize(("pinger", "refused"), [("netbsd", 4), ("plain", 2)])
def test_every_icmp_packet_meets_two_raw_sockets(pinger: str, refused: int) -> None:
    """A refused reply counts twice per socket, and is taken off those delivered once."""
    trace = ping(Setup(case="gate-2", pinger=pinger))  # type: ignore[arg-type]
    assert trace.steps[-1].reason == "socket-policy"
    assert trace.steps[-1].counters == {"ips_in_polvio": refused, "ips_delivered": -1}


def test_the_flush_probe() -> None:
    """Once a second ping sends itself 8 bytes to 127.0.0.1, TTL 1, its identifier's complement, in clear."""
    trace = ping(Setup(count=3, flush_probe=True, fix="patched"))
    probes = [step for step in sent(trace) if step.packet == FLUSH]
    assert [step.echo for step in probes] == [2, 3]
    for step in probes:
        header = ip.read(bytes.fromhex(step.bytes or ""))
        assert (str(header.dst), header.ttl, header.total_len) == ("127.0.0.1", 1, 28)
        assert message(step)[0] == icmp.ICMP_ECHOREPLY
        assert icmp.ident_seq(message(step)) == (~trace.run.ident & 0xFFFF, step.echo - 1)
    crossed = [crossing.proto for crossing in trace.verdict.lo0 if crossing.packet == FLUSH]
    assert crossed == [["icmp"], ["icmp"]]


@pytest.mark.parametrize(("preload", "echoes"), [(0, [2, 3]), (1, [1, 2, 3, 4]), (2, [1, 3, 4, 5])])
def test_the_flush_probe_goes_before_a_burst_and_once_a_second(preload: int, echoes: list[int]) -> None:
    """The first request finds the clock as it was, unless it begins a burst; a burst is of one second."""
    trace = ping(Setup(config=CLEAR, count=3, preload=preload, flush_probe=True))
    assert [step.echo for step in sent(trace) if step.packet == FLUSH] == echoes


@pytest.mark.parametrize("fix", ["unpatched", "patched"])
@pytest.mark.parametrize("case", ["lo-esp", "gate-2", "in-discard"])
def test_the_flush_probe_changes_no_verdict(case: str, fix: str) -> None:
    """What is said about the echoes is the same with the flush probe and without."""
    with_it, without = (
        ping(Setup(case=case, fix=fix, count=3, flush_probe=flush)).verdict for flush in (True, False)
    )
    assert (with_it.outcome, with_it.code, with_it.text) == (without.outcome, without.code, without.text)
    assert (with_it.ping, with_it.sent, with_it.received) == (without.ping, without.sent, without.received)
    assert [(one.code, one.echoes) for one in with_it.findings] == [
        (one.code, one.echoes) for one in without.findings
    ]


def test_the_flush_probe_moves_no_label_of_the_eight_steps() -> None:
    """The rows of request and reply have the steps that they have without a flush probe."""
    with_it, without = (ping(Setup(count=3, flush_probe=flush)) for flush in (True, False))
    labels = [(step.echo, step.stage, step.analysis) for step in with_it.steps if step.packet != FLUSH]
    assert labels == [(step.echo, step.stage, step.analysis) for step in without.steps]
    assert labels[0] == (1, "rip_output", 1)
    assert {step.packet for step in without.steps} == {REQUEST, "P2"}


def test_a_trace_says_that_the_flush_probe_is_left_out() -> None:
    """The one assumption that a run without the flush probe makes beyond a run with it is named."""
    with_it, without = (ping(Setup(flush_probe=flush)).run.assumptions for flush in (True, False))
    assert [line for line in without if line not in with_it] == [
        "the echo reply that ping sends itself once a second, to clear its cached route, is left out"
    ]
    assert not {*with_it} - {*without}


def test_only_netbsds_ping_has_a_flush_probe() -> None:
    """A plain program with a flush probe is refused, and the message names both fields."""
    with pytest.raises(UserError, match="NetBSD's ping's own") as refused:
        ping(Setup(pinger="plain", flush_probe=True))
    assert (refused.value.field, refused.value.other) == ("flush_probe", "pinger")
