"""Do UDP and TCP over lo0 come out as on NetBSD's own stack, and as its sources say?

The table's first part was seen when that stack (2016 sources, run as a user-space kernel with switches for
2003) sent the same packets under the same policies.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import trace as run_plan
from ipsec_lo_trace.userland.probe_kind import all_probes, find_probe
from ipsec_lo_trace.userland.program import ProbeOptions
from tests.support import LOCALHOST, A, B, Traced, ends, scenario, taken_apart

NAMES = ("tcp-closed", "tcp-open", "udp-closed", "udp-echo")
BOOLEAN = {"done_tag": "boolean", "loop_detect": "any-out-done"}


def probe(
    kind: str,
    config: str,
    fix: str = "none",
    *,
    src: IPv4Address | None = None,
    dst: IPv4Address | None = None,
    settings: dict[str, str] | None = None,
    **options: int,
) -> Traced:
    """Trace a probe over a scenario, or over setkey(8) lines if ``dst`` is given."""
    configuration = load(config, "a test") if dst else scenario(config)
    if dst is None:
        src, dst = ends(config)
    plan = Plan(
        options=ProbeOptions(kind=kind, dst=dst, src=src, **options),
        fix=known_fix(fix),
        chosen="a test",
        config=Origin("given"),
        local=frozenset({LOCALHOST, A, B}),
        settings=tuple((settings or {}).items()),
    )
    return taken_apart(run_plan(plan, configuration))


def esp(spi: str, *numbers: int) -> list[str]:
    """Name ESP packets of one SA."""
    return [f"esp:{spi}#{number}" for number in numbers]


AB = ["esp:2001#1", "esp:2002#1"]
LEAK = ["esp:1001#1", "tcp"]


@pytest.mark.parametrize(
    ("kind", "config", "fix", "settings", "lo0"),
    [
        ("udp-closed", "lo-esp", "netbsd-2.0", {}, esp("1001", 1)),
        ("udp-closed", "lo-esp", "none", {}, esp("1001", 1)),
        ("udp-closed", "lo-esp", "none", BOOLEAN, esp("1001", 1)),
        ("udp-closed", "ab-esp", "netbsd-2.0", {}, esp("2001", 1)),
        ("udp-closed", "ab-esp", "none", {}, esp("2001", 1)),
        ("udp-closed", "ab-esp", "none", BOOLEAN, esp("2001", 1)),
        ("tcp-closed", "lo-esp", "netbsd-2.0", {}, esp("1001", 1, 3)),
        ("tcp-closed", "lo-esp", "none", {}, LEAK),
        ("tcp-closed", "lo-esp", "none", BOOLEAN, LEAK),
        ("tcp-closed", "ab-esp", "netbsd-2.0", {}, AB),
        ("tcp-closed", "ab-esp", "none", {}, AB),
        ("tcp-closed", "ab-esp", "none", BOOLEAN, ["esp:2001#1", "tcp"]),
        ("tcp-open", "lo-esp", "netbsd-2.0", {}, esp("1001", 1, 3, 5)),
        ("tcp-open", "lo-esp", "none", {}, esp("1001", 1, 3, 5)),
        ("tcp-open", "ab-esp", "netbsd-2.0", {}, [*AB, "esp:2001#3"]),
        ("tcp-open", "ab-esp", "none", {}, [*AB, "esp:2001#3"]),
        # What follows was not run there.
        ("tcp-closed", "lo-esp", "netbsd-2003-08", {}, LEAK),
        ("tcp-closed", "lo-esp", "openbsd-2002", {}, LEAK),
        ("tcp-closed", "lo-esp", "looutput-only", {}, esp("1001", 1, 3)),
        ("tcp-closed", "lo-esp", "none", {"tcp_respond": "tags"}, esp("1001", 1, 3)),
        ("tcp-closed", "lo-bundle", "none", {}, ["ah:1011#1/esp:1001#1", "ah:1011#3/esp:1001#3"]),
        ("tcp-closed", "lo-ah", "none", {"max_protohdr": "60"}, ["ah:1001#1", "tcp"]),
        ("udp-echo", "lo-esp", "none", {}, esp("1001", 1, 3)),
        ("udp-echo", "ab-esp", "none", BOOLEAN, AB),
    ],
)
def test_what_crosses_lo0(kind: str, config: str, fix: str, settings: dict[str, str], lo0: list[str]) -> None:
    """Each probe puts on lo0 what the kernel of its fix puts there, in clear or protected."""
    assert probe(kind, config, fix, settings=settings).lo0 == lo0


def test_the_rst_leaks_as_the_echo_reply_does() -> None:
    """With the fix of 2003 a RST inherits the SYN's marks, crosses in clear, and is accepted by them."""
    traced = probe("tcp-closed", "lo-esp", "netbsd-2003-08")
    (respond,) = traced.at("tcp_respond")
    assert [(mark.name, mark.made_for, mark.stale) for mark in respond.marks] == [
        ("IN_DONE", "P1", True),
        ("OUT_DONE", "P1", True),
        ("M_DECRYPTED", "P1", True),
    ]
    gate = [check for check in traced.steps[-1].checks if check.decided_by_stale]
    assert [check.id for check in gate] == ["gate-2-flag"]
    verdict = traced.verdict
    assert (verdict.outcome, verdict.code, verdict.ping) == ("leak", "stale-out-done", "ok")


def test_over_ah_the_error_is_sent_and_protected() -> None:
    """AH does not set M_DECRYPTED: the error comes, in a new mbuf, protected as the policies ask."""
    traced = probe("udp-closed", "lo-ah")
    assert traced.lo0 == ["ah:1001#1", "ah:1001#3"]
    assert traced.at("ip_output", "P2")[0].marks == ()
    assert traced.verdict.ping == "ok"


def test_over_esp_there_is_silence() -> None:
    """Over ESP no error is sent, though icps_error has been counted; alone or in a bundle."""
    for config in ("lo-esp", "lo-bundle"):
        traced = probe("udp-closed", config)
        last = traced.steps[-1]
        assert (last.stage, last.reason, last.counters) == (
            "icmp_error",
            "error-suppressed",
            {"icps_error": 1},
        )
        assert (traced.verdict.received, traced.verdict.ping) == (0, "loss")


@pytest.mark.parametrize("kind", NAMES)
def test_in_clear_every_probe_is_answered(kind: str) -> None:
    """Without policies everything crosses in clear, and every answer comes, one for each request."""
    traced = probe(kind, "spdflush ;", dst=LOCALHOST, count=3)
    verdict: Verdict = traced.verdict
    assert (verdict.sent, verdict.received, verdict.errno) == (3, 3, None)
    assert verdict.code == "no-policy"
    assert [step.wire.ports[:1] for step in traced.at("looutput", "P1")] == [[49152], [49153], [49154]]


@pytest.mark.parametrize("kind", NAMES)
def test_only_an_inbound_policy(kind: str) -> None:
    """With an inbound policy alone no answer comes: gate 1 stops the error, gate 2 everything else."""
    traced = probe(kind, "in-only")
    assert traced.verdict.ping == "loss"
    assert traced.steps[-1].reason == ("in-policy" if kind.startswith("udp") else "socket-policy")


@pytest.mark.parametrize("kind", NAMES)
def test_without_an_sa_nothing_is_sent(kind: str) -> None:
    """Level use without an SA fails the system call at once; require hides it and loses the packet."""
    used = probe(kind, "use-no-sa").verdict
    assert (used.ping, used.errno, used.lo0) == ("error", "EINVAL", [])
    required = probe(kind, "require-no-sa").verdict
    assert (required.ping, required.errno, required.lo0) == ("loss", None, [])


def test_a_plain_connection_past_an_inbound_policy() -> None:
    """A listening socket's policy is not asked, so one that requires ESP lets a plain connection open."""
    policy = "spdadd 10.9.9.1 10.9.9.2 any -P in ipsec esp/transport//require ;"
    traced = probe("tcp-open", policy, src=A, dst=B)
    assert (traced.lo0, traced.verdict.ping) == (["tcp"] * 3, "ok")
    assert traced.verdict.outcome == "leak"


def test_the_echo_of_a_process_starts_afresh() -> None:
    """The echoed datagram is a packet of the same exchange, with the same data and none of the marks."""
    traced = probe("udp-echo", "lo-esp", size=100)
    (answer,) = traced.at("udp_output", "P2")
    assert (answer.via, answer.marks, answer.wire.info) == ("syscall", (), "7 > 49152, 100 bytes")
    sent, echoed = (bytes.fromhex(step.bytes or "")[28:] for step in traced.at("udp_output"))
    assert sent == echoed == bytes(range(100))


def test_a_datagram_too_long_for_lo0() -> None:
    """A datagram over lo0's MTU crosses in fragments, and is whole again before UDP sees it."""
    traced = probe("udp-echo", "lo-esp", size=40000)
    assert (len(traced.verdict.lo0), traced.verdict.ping) == (4, "ok")
    assert [step.wire.len for step in traced.at("udp_input")] == [40028, 40028]
    assert probe("udp-echo", "lo-esp", size=65508).verdict.errno == "EMSGSIZE"


def test_ports_in_a_policy_are_heeded() -> None:
    """A policy for one port protects that port's packets and leaves the answer's to a policy of its own."""
    out = "spdadd 127.0.0.1 127.0.0.1[7] udp -P out ipsec esp/transport//require ;"
    sa = 'add 127.0.0.1 127.0.0.1 esp 0x1000 -E des-cbc "12345678" ;'
    assert probe("udp-echo", f"{sa} {out}", dst=LOCALHOST).lo0 == ["esp:1000#1", "udp"]


def test_probes_are_found_by_name() -> None:
    """Each of these probes is found under its name, says what it is about, and nothing else is found."""
    found = {kind.name: kind for kind in all_probes()}
    for name in NAMES:
        assert find_probe(name) is found[name]
        assert found[name].title.isascii()
        assert found[name].text.endswith(".")
    assert find_probe("udp_closed") is None
    assert find_probe("nothing") is None
