"""What is a run with several echoes, or an exchange of a probe, as a whole?"""

from __future__ import annotations

from typing import Any

import pytest

from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.model.trace import Run, Step, Verdict
from tests.findings.test_echo import REQUIRE_IN, REQUIRE_OUT, codes
from tests.findings.test_judge import DELIVERED, END, OUTPUT, run_record, step


def probe(run: Run) -> Run:
    """Make it the record of a probe's run."""
    run.program = "udp"
    return run


def judged(run: Run, *echoes: list[Step], sent: int = 2, received: int = 2, errno: str = "") -> Verdict:
    """Judge several echoes, one after the other."""
    judge = Judge(run)
    for number, steps in enumerate(echoes, start=1):
        for each in steps:
            each.echo = number
        judge.see(steps)
    judge.crossings.close()
    return judge.verdict(sent=sent, received=received, errno=errno, counters={"b": 1, "a": 2})


def clean() -> list[Step]:
    """Make a protected echo."""
    return [
        step("looutput", row=1, to="ip_input", proto=["esp"]),
        END,
    ]


def lost(reason: str = "bad-icv", row: int = 3) -> list[Step]:
    """Make an echo whose request is dropped."""
    return [step("esp_input_cb", row=row, reason=reason, text=reason)]


def test_the_worst_echo_is_the_run_s_and_of_equals_the_first() -> None:
    """A lost echo outweighs a clean one, wherever it stands; of two that are lost the first is told."""
    for echoes in ([clean(), lost()], [lost(), clean()]):
        assert judged(run_record(), *echoes, received=1).code == "bad-icv"
    reply = [step("esp_input_cb", "P2", row=4, reason="replay")]
    assert judged(run_record(), lost(), reply, received=0).code == "bad-icv"
    found = judged(run_record(), lost(), lost("replay", 4), received=0)
    assert (found.code, found.effect, [finding.code for finding in found.findings]) == ("bad-icv", 3, [])


@pytest.mark.parametrize(
    ("received", "errno", "ping"),
    [(2, "", "ok"), (1, "", "loss"), (2, "ENOBUFS", "error"), (1, "ENOBUFS", "error")],
)
def test_what_the_sender_saw(received: int, errno: str, ping: str) -> None:
    """An errno is an error, fewer answers than requests are a loss; counters come sorted."""
    found = judged(run_record(), clean(), clean(), received=received, errno=errno)
    assert (found.ping, found.errno, found.sent, found.received) == (ping, errno or None, 2, received)
    assert list(found.counters) == ["a", "b"]


def test_findings_count_the_echoes_that_show_them() -> None:
    """Two echoes of three show the same: one finding, with its first row and the number."""
    drops = [[step("ip_input", row=row, reason="in-policy", text=f"row {row}")] for row in (5, 9)]
    (found,) = judged(run_record(), drops[0], clean(), drops[1], sent=3, received=1).findings
    assert (found.code, found.row, found.echoes, found.text) == ("uncounted-drop", 5, 2, "row 5")


def test_leaks_count_echoes() -> None:
    """An echo that leaks twice is one leak."""
    rows = [OUTPUT, *DELIVERED, END]
    found = judged(run_record(REQUIRE_IN, REQUIRE_OUT), rows, clean())
    assert found.leaks == 1
    assert {"clear-text", "clear-accepted"} <= codes(found).keys()


@pytest.mark.parametrize(
    ("crossing", "code"),
    [(["icmp"], "no-policy"), (["esp"], "clean"), (["ah", "icmp"], "clean"), (["ipcomp"], "clean")],
)
def test_a_clean_run_says_whether_anything_was_protected(crossing: list[str], code: str) -> None:
    """One protected echo of two is enough for clean; none is clear text as the policies allow."""
    plain = [step("looutput", row=1, to="ip_input"), END]
    other = [
        step("looutput", row=3, to="ip_input", proto=crossing),
        END,
    ]
    assert judged(run_record(), plain, other).code == judged(run_record(), other, plain).code == code


@pytest.mark.parametrize(
    ("received", "end", "code"),
    [
        (1, {"to": "socket:server"}, "no-policy"),
        (0, {"to": "socket:server"}, "no-reply"),
        (0, {"reason": "bad-icv"}, "bad-icv"),
    ],
)
def test_a_probe_s_answer_is_known_at_the_end(received: int, end: dict[str, Any], code: str) -> None:
    """Without its answer a probe is lost, for the reason of its last row if that has one."""
    rows = [step("looutput", row=1, to="ip_input", proto=["udp"]), step("udp_input", row=2, **end)]
    found = judged(probe(run_record()), rows, sent=1, received=received)
    assert (found.code, found.outcome) == (code, "clean" if received else "lost")
