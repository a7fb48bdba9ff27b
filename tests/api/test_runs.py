"""The Python interface: what a run gives, and that it is what the command line gives."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

import ipsec_lo_trace
from ipsec_lo_trace import Setup, Trace, ping, probe
from ipsec_lo_trace.cases.case import case_names, known_case
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.build import KNOBS, values
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.cli.support import environment, invoke

PATCHED = "netbsd-2003-08"
PROBES = [kind.name for kind in all_probes()]
FIXES = [fix.name for fix in all_fixes()]


def records(trace: Trace) -> list[object]:
    """Give a trace as JSON has it, but for what says how it was asked for."""
    run = msgspec.structs.replace(trace.run, chosen="", config="")
    return [json.loads(msgspec.json.encode(record)) for record in (run, *trace.steps, trace.verdict)]


def by_command_line(*arguments: str) -> list[object]:
    """Give the records of a command as ``records`` does."""
    done = invoke(*arguments, "--format", "jsonl")
    assert (done.code, done.err) == (0, "")
    run, *others = done.records
    return [run | {"chosen": "", "config": ""}, *others]


def test_everything_public_is_there() -> None:
    """Each name in ``__all__`` can be had, a name that is not there is refused, and dir() shows them."""
    for name in ipsec_lo_trace.__all__:
        assert getattr(ipsec_lo_trace, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'pong'"):
        _ = ipsec_lo_trace.pong


@pytest.mark.slow
def test_importing_the_package_loads_nothing_dear() -> None:
    """The package imports neither scapy nor click until it is used, and click and rich never."""
    script = (
        "import sys, ipsec_lo_trace; assert not {'scapy', 'click', 'rich'} & {*sys.modules};"
        " ipsec_lo_trace.ping(); assert 'scapy' in sys.modules; assert not {'click', 'rich'} & {*sys.modules}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_arguments_it_is_the_bug() -> None:
    """A plain ping() is the analysis's own case: the reply leaks, from row to row as the verdict says."""
    trace = ping()
    assert (trace.verdict.outcome, trace.verdict.code) == ("leak", "stale-out-done")
    assert trace.run.fix == "none"
    assert [step.row for step in trace.steps] == list(range(1, len(trace.steps) + 1))
    assert [crossing.proto for crossing in trace.crossings] == [["esp"], ["icmp"]]


def test_a_trace_can_be_walked() -> None:
    """Rows are found by stage and packet, findings by code; what is not there is empty or None."""
    trace = ping()
    [reflect] = trace.at("icmp_reflect")
    assert trace.at("ip_output", "P2") == [
        step for step in trace.steps if (step.stage, step.packet) == ("ip_output", "P2")
    ]
    assert trace.verdict.cause == reflect.row
    found = trace.found("clear-accepted")
    assert found is not None
    assert trace.steps[found.row - 1].row == found.row
    assert found in trace.findings
    assert trace.at("tcp_respond") == []
    assert trace.found("panic") is None


@pytest.mark.parametrize("fix", FIXES)
@pytest.mark.parametrize("case", ["lo-esp", "wildcard", "own-address"])
def test_ping_is_the_command_line_s(case: str, fix: str) -> None:
    """A case under a fix gives the records that ``ipsec-lo-trace ping --case --fix`` writes."""
    trace = ping(Setup(case=case, fix=fix, count=2, size=100))
    options = ("--case", case, "--fix", fix, "-c", "2", "-s", "100")
    assert records(trace) == by_command_line("ping", *options)


@pytest.mark.slow
@pytest.mark.parametrize("kind", PROBES)
@pytest.mark.parametrize("fix", ["none", "strict"])
def test_probe_is_the_command_line_s(kind: str, fix: str) -> None:
    """A probe gives the records that ``ipsec-lo-trace probe`` writes, its own configuration included."""
    assert records(probe(kind, Setup(fix=fix))) == by_command_line("probe", kind, "--fix", fix)


def test_every_field_of_a_setup_arrives() -> None:
    """Configuration, ends, addresses, seed, switches and reflector are those that were asked for."""
    text = known_case("ab-esp").text
    setup = Setup(
        config=text,
        fix=PATCHED,
        settings={"looutput": "all"},
        host="10.9.9.2",
        source="10.9.9.1",
        local=("10.9.9.1", "10.9.9.2", "10.9.9.3"),
        seed=7,
        reflector="userspace",
    )
    run = ping(setup).run
    assert (run.fix, run.knobs, run.seed, run.reflector) == (PATCHED, ["looutput=all"], 7, "userspace")
    assert (run.src, run.dst) == ("10.9.9.1", "10.9.9.2")
    assert [sa.spi for sa in run.sas] == [0x2001, 0x2002]
    assert ping(Setup(case="ab-esp", seed=7)).steps != ping(Setup(case="ab-esp")).steps


def test_a_case_has_its_ends_which_may_be_replaced() -> None:
    """A case is pinged between its own ends unless the setup names others."""
    run = ping(Setup(case="ab-esp")).run
    assert (run.src, run.dst) == ("10.9.9.1", "10.9.9.2")
    run = ping(Setup(case="ab-esp", source="10.9.9.2", host="10.9.9.1")).run
    assert (run.src, run.dst) == ("10.9.9.2", "10.9.9.1")


@pytest.mark.parametrize("name", KNOBS)
def test_a_setting_wins_over_the_fix(name: str) -> None:
    """A switch turned by hand has its value whatever the fix says of it, and the trace names it."""
    for value in values(name):
        assert f"{name}={value}" in ping(Setup(fix="netbsd-2015", settings={name: value})).run.knobs


def test_nothing_is_left_behind() -> None:
    """A run is the same after any other: no sequence number, cached SA or counter stays."""
    for case in case_names():
        setup = Setup(case=case)
        assert records(ping(setup)) == records(ping(setup))


def test_runs_in_threads_do_not_mix() -> None:
    """Runs at the same time in several threads are those that each would be alone."""
    setups = [
        Setup(case=case, fix=fix, count=3) for case in ("lo-esp", "wildcard") for fix in ("none", "strict")
    ] * 3
    meet = threading.Barrier(4)

    def run(setup: Setup) -> list[object]:
        meet.wait()
        return records(ping(setup))

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, setups)) == [records(ping(setup)) for setup in setups]


def test_records_cannot_be_confused() -> None:
    """Setups are values: equal if they say the same, and not to be changed."""
    assert Setup(case="lo-esp") == Setup(case="lo-esp") != Setup(case="lo-ah")
    with pytest.raises(AttributeError):
        Setup().fix = PATCHED  # type: ignore[misc]


@pytest.mark.parametrize(
    ("function", "words"),
    [(ping, "echo requests"), (probe, "list probes"), (Setup, "setkey(8)"), (Trace, "trace")],
)
def test_the_interface_is_documented(function: Callable[..., object], words: str) -> None:
    """What is public says what it is for."""
    assert words in (function.__doc__ or "")
