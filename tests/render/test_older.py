"""Is a trace of the schema before refused by name, with the command that makes it anew?"""

from __future__ import annotations

import shlex

import pytest

from ipsec_lo_trace.render.older import OlderRun, OlderSa, command
from tests.cli.support import assert_refused, invoke
from tests.render.support import opened
from tests.support import HERE

STORED = HERE / "data" / "schema-2" / "ping.jsonl"
COMMAND = (
    "ipsec-lo-trace ping --fix netbsd-2003-08 --case ab-esp --set loop_detect=own-sa --seed 7 -s 100"
    " --pinger plain --format jsonl --local 10.9.9.2 --local 10.9.9.1 -I 10.9.9.1 10.9.9.2"
)


@pytest.mark.parametrize("name", ["show", "why effect", "export --to mermaid", "diff"])
def test_a_trace_of_schema_2_is_refused_with_its_command(name: str) -> None:
    """Every command that reads a trace names both schemas, and how to make the trace anew."""
    files = [str(STORED)] * (2 if name == "diff" else 1)
    refused = invoke(*name.split(), *files)
    assert_refused(refused, "ipsec-lo-trace/2", "ipsec-lo-trace/3", f"made anew by: {COMMAND}")


def test_the_command_makes_the_trace_anew() -> None:
    """It runs, and the trace has the rows, the bytes and the verdict of the one that was refused."""
    made = invoke(*shlex.split(COMMAND)[1:])
    anew = list(opened(made.out).steps())
    before = STORED.read_bytes().splitlines()[1:-1]
    assert len(anew) == len(before)
    for step, line in zip(anew, before, strict=True):
        shown = "null" if step.bytes is None else f'"{step.bytes}"'
        assert f'"stage":"{step.stage}"'.encode() in line
        assert f'"bytes":{shown}'.encode() in line


OTHERS = {
    "probe udp-echo --fix strict -c 2 -s 56 --reflector userspace --format jsonl": OlderRun(
        schema="", program="probe udp-echo", fix="strict", count=2, size=56, reflector="userspace"
    ),
    "replay lo0.pcap -f host.conf --format jsonl": OlderRun(
        schema="", program="replay lo0.pcap", config="-f host.conf", count=9, src="10.9.9.1", dst="10.9.9.1"
    ),
    "ping -f FILE --drop-mark tags@icmp_reflect --seed 3 -l 2 --pinger plain --format jsonl": OlderRun(
        schema="", config="given", what_if=["tags@icmp_reflect"], seed=3, preload=2
    ),
    "ping --proto esp+ah --mode tunnel --level unique --enc des-cbc --auth none --pinger plain"
    " --format jsonl": OlderRun(
        schema="",
        config="built in (--show-config prints it)",
        sas=[OlderSa("esp", "tunnel", 5, "des-cbc"), OlderSa("ah", "tunnel", 5, "", "hmac-sha1")],
    ),
    "ping --pinger plain --format jsonl --local 10.0.0.1 10.0.0.1": OlderRun(
        schema="", src="10.0.0.1", dst="10.0.0.1"
    ),
}


@pytest.mark.parametrize("expected", OTHERS)
def test_a_command_has_what_its_run_record_has(expected: str) -> None:
    """Program, fix, configuration, experiments, numbers and ends become options, but for the usual ones."""
    assert command(OTHERS[expected]) == f"ipsec-lo-trace {expected}"
