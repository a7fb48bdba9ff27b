"""Does the verdict follow from the rows, and from nothing else?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.findings.analysis import Labeller
from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.model.operands import NO_LIVE_SA, PolicyRecord, RequestRecord
from ipsec_lo_trace.model.trace import (
    SCHEMA,
    Check,
    Mark,
    Packet,
    Run,
    SaRecord,
    Step,
    Verdict,
)

STALE = Mark("OUT_DONE", "P1", 1, stale=True)


def policy(
    direction: str, *requests: str, kind: str = "ipsec", upper: int = 255, port: int = 0
) -> PolicyRecord:
    """Make a policy record for everything."""
    return PolicyRecord(
        dir=direction,
        src="0.0.0.0/0",
        dst="0.0.0.0/0",
        src_port=port,
        dst_port=0,
        upper=upper,
        type=kind,
        requests=tuple(map(_request, requests)),
    )


def _request(text: str) -> RequestRecord:
    """Read PROTO/MODE//LEVEL, without ends."""
    proto, mode, _ends, level = text.split("/")
    return RequestRecord(proto, mode, "", "", level, 0)


def sa(proto: str) -> SaRecord:
    """Make an SA from 127.0.0.1 to itself."""
    return SaRecord(
        proto=proto,
        spi=256,
        src="127.0.0.1",
        dst="127.0.0.1",
        mode="any",
        reqid=0,
        cipher="",
        auth="",
        replay_window_bytes=0,
    )


def run_record(*policies: PolicyRecord, fix: str = "none") -> Run:
    """Make a run record with these policies."""
    return Run(
        schema=SCHEMA,
        tool="",
        kernel="",
        fix=fix,
        knobs=[],
        seed=0,
        chosen="",
        program="ping",
        probe="",
        capture="",
        reflector="kernel",
        src="127.0.0.1",
        dst="127.0.0.1",
        bound=False,
        count=1,
        size=56,
        preload=1,
        pattern="",
        record_route=False,
        ttl=0,
        local=["127.0.0.1"],
        ident=1,
        interface="lo0",
        source="built-in",
        case="",
        config=[],
        shape={},
        what_if=[],
        sas=[sa("esp"), sa("ah")],
        policies=list(policies),
        assumptions=[],
    )


def step(stage: str, packet: str = "P1", *, row: int = 1, to: str = "", **fields: object) -> Step:
    """Make a row."""
    proto = fields.pop("proto", ["icmp"])
    wire = Packet(proto, [], [], [], "127.0.0.1", "127.0.0.1", 84, 1, 255, 0, more=False, info="")  # type: ignore[arg-type]
    made = Step(row, 1, 0, stage, 1, packet, "call", wire, None, (), [], [], "", to, None, "", None, {}, "")
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def verdict(run: Run, *steps: Step, received: int = 1) -> Verdict:
    """Judge rows."""
    judge = Judge(run)
    judge.see(list(steps))
    judge.crossings.close()
    return judge.verdict(sent=1, received=received, errno="", counters={})


ASKED = Check("out-policy", NO_LIVE_SA, NO_LIVE_SA, "default")
OUTPUT = step("ip_output", "P2", row=2, checks=[ASKED])
DELIVERED = [OUTPUT, step("looutput", "P2", row=3, to="ip_input")]
END = step("rip_input", "P2", row=4, to="socket:ping")


@pytest.mark.parametrize(
    ("policies", "proto", "outcome"),
    [
        ([], ["icmp"], "clean"),
        ([policy("out", "esp/transport//require")], ["esp"], "clean"),
        ([policy("out", "esp/transport//require")], ["icmp"], "leak"),
        ([policy("out", "esp/transport//use")], ["icmp"], "leak"),
        ([policy("out", "esp/transport//require", "ah/transport//require")], ["esp"], "leak"),
        ([policy("out", "esp/transport//use", "ah/transport//use")], ["esp"], "clean"),
        ([policy("out", "esp/transport//unique:7")], ["ah"], "leak"),
        ([policy("out", kind="none"), policy("out", "esp/transport//require")], ["icmp"], "clean"),
        ([policy("out", "esp/transport//require", upper=6)], ["icmp"], "clean"),
        ([policy("out", "esp/transport//require", port=80)], ["icmp"], "clean"),
        ([policy("in", "esp/transport//require")], ["icmp"], "leak"),
        ([policy("in", "esp/transport//use")], ["icmp"], "clean"),
        ([policy("in", "ah/transport//require")], ["esp"], "leak"),
    ],
)
def test_what_crosses_lo0_is_held_against_the_policies(
    policies: list[PolicyRecord], proto: list[str], outcome: str
) -> None:
    """A reply that crosses lo0, or is accepted, with less than the first matching policy asks is a leak."""
    crossing = step("looutput", "P2", row=3, to="ip_input", proto=proto)
    found = verdict(run_record(*policies), OUTPUT, crossing, END)
    assert found.outcome == outcome
    if outcome == "leak":
        assert (found.code, found.cause) == ("clear-text", None)


def test_a_panic_is_a_panic_whatever_else_happened() -> None:
    """A row that panics gives the outcome, its code and its row."""
    crossing = step("looutput", "P2", row=3, to="ip_input")
    panic = step("esp_output_cb", "P2", row=5, decision="panic", reason="sa-changed", text="oh")
    run = run_record(policy("out", "esp/transport//require"))
    found = verdict(run, step("ip_output", "P2", row=2), crossing, panic, received=0)
    assert (found.outcome, found.code, found.effect, found.seen) == ("panic", "sa-changed", 5, 5)


def test_an_echo_that_never_ends_is_lost() -> None:
    """A packet that still waits inside the kernel when the run ends gets no reply, and says so."""
    found = verdict(run_record(), step("ip_reass", row=1), received=0)
    assert (found.outcome, found.code, found.ping) == ("lost", "no-reply", "loss")


def test_a_stale_flag_is_beyond_the_fix() -> None:
    """Where a stale flag decided, the verdict does not recommend the fix of 2003, whichever kernel ran."""
    check = Check(
        "gate-2-flag", NO_LIVE_SA, NO_LIVE_SA, "satisfied", Mark("M_DECRYPTED", "P1", 1, stale=True)
    )
    end = step("rip_input", "P2", row=4, to="socket:ping", checks=[check])
    for fix in ("none", "netbsd-2003-08"):
        found = verdict(run_record(fix=fix), *DELIVERED, end)
        assert (found.outcome, found.code) == ("stale", "stale-flag")
        assert "leaves the mbuf flags" in found.fix


def test_a_stale_tag_that_decided_nothing_is_harmless() -> None:
    """Marks that are carried along, and asked about by nobody, leave the outcome clean."""
    carrying = step("icmp_reflect", "P2", row=2, marks=(STALE,))
    assert verdict(run_record(), carrying, *DELIVERED, END).outcome == "clean"


def test_labels_never_go_back() -> None:
    """A later header of a bundle does not take the request back to an earlier step of the analysis."""
    labeller = Labeller()
    stages = ["rip_output", "ip_output", "looutput", "ipsec4_common_input_cb", "esp_input", "icmp_input"]
    steps = [step(stage) for stage in stages]
    labeller.label(steps)
    assert [each.analysis for each in steps] == [1, 2, 3, 5, 5, 6]
