"""Every order of a burst: which endings the race on the cached SA has, and that exact policies have one."""

from __future__ import annotations

import random

import pytest
from msgspec import structs

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.model.orders import Ending, Orders
from ipsec_lo_trace.tracer import orders as module
from ipsec_lo_trace.tracer.orders import explore
from ipsec_lo_trace.tracer.setup import configuration, planned
from tests.cli.support import invoke

PAIR = Setup(case="wildcard", both_ways=True)
BURST = Setup(case="wildcard", count=2, preload=2, pinger="plain")
FIXES = ("none", "patched")


def endings(setup: Setup, limit: int = module.LIMIT) -> Orders:
    """Try every order of a setup."""
    return explore(planned(setup, configuration(setup)), lambda: configuration(setup), limit)


def with_(setup: Setup, fix: str, diagnostic: str = "0") -> Setup:
    """Give the setup another kernel."""
    return structs.replace(setup, fix=fix, settings={"diagnostic": diagnostic})


def told(ending: Ending) -> dict[str, object]:
    """Give what an ending says but for the schedule."""
    return {name: value for name, value in structs.asdict(ending).items() if name != "schedule"}


@pytest.mark.parametrize(
    ("fix", "replies"),
    [
        ("none", [{"icmp": 2}, {"esp": 1, "icmp": 1}]),
        ("patched", [{"esp": 2}]),
    ],
)
def test_how_many_replies_are_in_clear_hangs_on_the_order(fix: str, replies: list[dict[str, int]]) -> None:
    """Two pings from both ends of a wildcard policy: both replies in clear, one, or with the fix none."""
    found = endings(with_(PAIR, fix))
    assert found.complete
    reached = [ending.replies for ending in found.endings]
    assert [form for form in reached if form not in replies] == []
    assert [form for form in replies if form not in reached] == []
    assert {ending.outcome for ending in found.endings} == {"clean" if fix == "patched" else "leak"}


@pytest.mark.parametrize("fix", FIXES)
def test_some_orders_tag_a_packet_with_the_wrong_sa(fix: str) -> None:
    """In some orders a tag names the SA of the other way, in others none does."""
    assert {"wrong-tag" in ending.findings for ending in endings(with_(PAIR, fix)).endings} == {True, False}


@pytest.mark.parametrize("fix", FIXES)
def test_a_diagnostic_kernel_panics_in_those_orders(fix: str) -> None:
    """Where the assertion is compiled in, no wrong tag is left, and some orders end in a panic."""
    found = endings(with_(PAIR, fix, "1")).endings
    assert {ending.code for ending in found if ending.outcome == "panic"} == {"sa-changed"}
    assert {ending.outcome for ending in found} > {"panic"}
    assert not [ending for ending in found if "wrong-tag" in ending.findings]


@pytest.mark.parametrize("fix", FIXES)
@pytest.mark.parametrize("diagnostic", ["0", "1"])
@pytest.mark.parametrize("setup", [PAIR, BURST], ids=["both ways", "burst"])
def test_a_schedule_repeats_its_ending(setup: Setup, fix: str, diagnostic: str) -> None:
    """The schedule that an ending names ends a run of its own so."""
    setup = with_(setup, fix, diagnostic)
    for ending in endings(setup).endings:
        verdict = ping(structs.replace(setup, schedule=ending.schedule)).verdict
        crossed = [one for one in verdict.lo0 if one.packet != "P1"]
        assert (verdict.outcome, verdict.code, verdict.received) == (
            ending.outcome,
            ending.code,
            ending.received,
        )
        assert sorted(finding.code for finding in verdict.findings) == ending.findings
        assert len(crossed) == sum(ending.replies.values())


@pytest.mark.parametrize("fix", FIXES)
@pytest.mark.parametrize("diagnostic", ["0", "1"])
@pytest.mark.parametrize("setup", [PAIR, BURST], ids=["both ways", "burst"])
def test_runs_that_meet_end_alike(
    setup: Setup, fix: str, diagnostic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no state counts as known, more orders are run to their end, and the endings are the same."""
    few = endings(with_(setup, fix, diagnostic))
    monkeypatch.setattr(module.Order, "state", lambda _self: object())
    every = endings(with_(setup, fix, diagnostic))
    assert every.complete
    assert every.runs > few.runs
    assert {str(told(ending)) for ending in few.endings} == {str(told(ending)) for ending in every.endings}


def test_the_first_ending_is_that_of_fifo() -> None:
    """The first order that is tried is the usual one, and its schedule has its name."""
    assert endings(PAIR).endings[0].schedule == "fifo"


def test_orders_that_were_not_tried_are_told() -> None:
    """At the limit the search stops, and says that other endings may exist."""
    found = endings(PAIR, limit=3)
    assert (found.runs, found.complete) == (3, False)


PROTOS = {"esp": '-E 3des-cbc "012345678901234567890123"', "ah": '-A hmac-sha1 "01234567890123456789"'}


def exact(seed: int) -> Setup:
    """Draw a burst under policies that are exact: one for each way and direction, and SAs of its own."""
    draw = random.Random(seed)  # noqa: S311 -- to be repeated
    a, b = draw.choice([("127.0.0.1", "127.0.0.1"), ("10.9.9.1", "10.9.9.2")])
    chosen = draw.choice([["esp"], ["ah"], ["esp", "ah"]])
    tunnel = draw.random() < 0.3
    lines = []
    for number, (src, dst) in enumerate(dict.fromkeys([(a, b), (b, a)])):
        mode = f"tunnel/{src}-{dst}" if tunnel else "transport/"
        wanted = " ".join(f"{proto}/{mode}/require" for proto in chosen)
        lines += [
            f"add {src} {dst} {proto} 0x{number + 1}00{at} {PROTOS[proto]} ;"
            for at, proto in enumerate(chosen)
        ]
        lines += [f"spdadd {src} {dst} any -P {way} ipsec {wanted} ;" for way in ("out", "in")]
    burst = draw.choice([{"both_ways": True}, {"count": 2, "preload": 2, "pinger": "plain"}])
    return Setup(
        **burst,  # type: ignore[arg-type]
        config="\n".join(lines),
        host=b,
        source=a,
        local=(a, b),
        size=draw.choice([8, 56, 200]),
        fix=draw.choice(["none", "patched", "netbsd-2.0", "freebsd", "openbsd-2002", "strict"]),
        settings={"diagnostic": draw.choice("01")},
    )


@pytest.mark.slow
@pytest.mark.parametrize("some", range(0, 200, 20))
def test_exact_policies_have_one_ending(some: int) -> None:
    """With a policy for each way, whatever the order, every run of a burst ends alike: 200 drawn ones."""
    for seed in range(some, some + 20):
        found = endings(exact(seed))
        assert (found.complete, len(found.endings)) == (True, 1), exact(seed)


def test_the_command_shows_every_ending() -> None:
    """Text names each ending and how to see it again, JSON has the same."""
    text = invoke("ping", "--case", "wildcard", "--both-ways", "--schedule", "all").text
    assert (
        text.count("LEAK (stale-out-done)") == text.count("again --schedule ") == len(endings(PAIR).endings)
    )
    assert "1 esp, 1 icmp" in text
    (record,) = invoke(
        "ping", "--case", "wildcard", "--both-ways", "--schedule", "all", "--format", "json"
    ).records
    assert [each["schedule"] for each in record["endings"]] == [
        each.schedule for each in endings(PAIR).endings
    ]


@pytest.mark.parametrize(("expect", "code"), [("leak", 0), ("stale-out-done", 0), ("clean", 1)])
def test_every_ending_must_be_the_expected_one(expect: str, code: int) -> None:
    """--expect holds for every order, so that a race cannot hide behind the usual one."""
    assert (
        invoke("ping", "--case", "wildcard", "--both-ways", "--schedule", "all", "--expect", expect).code
        == code
    )


@pytest.mark.parametrize(
    "option",
    [
        ["--bisect"],
        ["--show-config"],
        ["--detail", "full"],
        ["--bytes", "all"],
        ["-q"],
        ["-v"],
        ["--format", "jsonl"],
    ],
)
def test_what_is_about_one_run_is_refused(option: list[str]) -> None:
    """Options about a single run exclude all, and the message says why."""
    done = invoke("ping", "--schedule", "all", *option)
    assert done.code == 2
    assert "--schedule all makes one for each order" in done.err


def test_only_ping_tries_every_order() -> None:
    """Where one run is wanted, all is no schedule."""
    done = invoke("diff", "--schedule", "all")
    assert (done.code, "no such schedule" in done.err) == (2, True)
