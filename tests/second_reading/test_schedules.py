"""Order: who runs next in a burst, and what hangs on it."""

from __future__ import annotations

import pytest
from msgspec import structs

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.machine.schedule import parse_schedule
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.trace import Verdict

SEEDS = range(40)


def pair(schedule: str, fix: str, diagnostic: str = "0", case: str = "wildcard") -> Verdict:
    """Send two requests in a burst; the case has one policy for both ways and an SA for each."""
    burst = Setup(case=case, count=2, preload=2, pinger="plain", schedule=schedule)
    return ping(structs.replace(burst, fix=fix, settings={"diagnostic": diagnostic})).verdict


@pytest.mark.parametrize(
    ("schedule", "stages"),
    [
        ("fifo", ["rip_output", "rip_output", "esp_output_cb", "esp_output_cb", "ip_input", "ip_input"]),
        ("eager", ["rip_output", "esp_output_cb", "ip_input", "esp_input_cb", "ip_input", "esp_output_cb"]),
        ("order:c", ["rip_output", "esp_output_cb", "rip_output", "esp_output_cb", "ip_input", "ip_input"]),
    ],
)
def test_the_schedule_says_who_runs_next(schedule: str, stages: list[str]) -> None:
    """System calls of a burst, crypto callbacks and the soft interrupt take turns as they are told."""
    trace = ping(Setup(fix="patched", count=2, preload=2, pinger="plain", schedule=schedule))
    begun = [step.stage for step in trace.steps if step.via in {"syscall", "crypto", "netisr"}]
    assert [stage for stage in begun if stage != "looutput"][: len(stages)] == stages


def test_ipintr_drains_its_queue_before_the_next_callback() -> None:
    """Both requests are taken off the queue before either is decrypted."""
    trace = ping(Setup(fix="patched", count=2, preload=2, pinger="plain"))
    begun = [(step.stage, step.echo) for step in trace.steps if step.stage in {"esp_input", "esp_input_cb"}]
    assert begun[:4] == [("esp_input", 1), ("esp_input", 2), ("esp_input_cb", 1), ("esp_input_cb", 2)]


def test_an_order_tags_a_packet_with_the_wrong_sa() -> None:
    """A reply changes the policy's cached SA while a request is in crypto: the tag names the other SA."""
    found = {finding.code for seed in SEEDS for finding in pair(f"random:{seed}", "patched").findings}
    assert "wrong-tag" in found
    assert "wrong-tag" not in {finding.code for finding in pair("fifo", "patched").findings}


def test_with_diagnostic_that_order_is_a_panic() -> None:
    """The assertion of a DIAGNOSTIC kernel fails in those orders, and in no other."""
    for seed in SEEDS:
        wrong = any(finding.code == "wrong-tag" for finding in pair(f"random:{seed}", "patched").findings)
        verdict = pair(f"random:{seed}", "patched", diagnostic="1")
        assert (verdict.outcome, verdict.code) == (("panic", "sa-changed") if wrong else ("clean", "clean"))


@pytest.mark.parametrize("fix", ["none", "patched"])
def test_exact_policies_give_one_outcome_in_every_order(fix: str) -> None:
    """With a policy for each way nothing hangs on the order."""
    outcomes = {
        (verdict.outcome, verdict.received, tuple(sorted(tuple(each.proto) for each in verdict.lo0)))
        for verdict in (pair(f"random:{seed}", fix, case="ab-esp") for seed in SEEDS)
    }
    assert len(outcomes) == 1


def test_the_same_seed_makes_the_same_order() -> None:
    """A drawn schedule is repeated by its seed, and two seeds differ."""

    def drawn(seed: int) -> str:
        choose = parse_schedule(f"random:{seed}")
        return "".join(choose(("s", "c", "n")) for _turn in range(32))

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)
    assert set(drawn(7)) == {"s", "c", "n"}


@pytest.mark.parametrize(
    "text", ["lifo", "random:", "random:x", "random:-1", "order:xyz", "order", "fifo:1", ""]
)
def test_another_schedule_is_refused(text: str) -> None:
    """One message, which names those that there are."""
    with pytest.raises(UserError, match="no such schedule") as refused:
        ping(Setup(schedule=text))
    assert refused.value.field == "schedule"


def test_a_probe_takes_no_schedule() -> None:
    """Its requests go out one at a time, so nothing can be scheduled."""
    with pytest.raises(UserError, match="ping's own"):
        Setup(probe="df", schedule="eager").check()
