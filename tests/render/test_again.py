"""The options that make a run again make the same run."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from msgspec.structs import asdict

from ipsec_lo_trace.render.again import options
from tests.cli.support import invoke
from tests.render.support import opened

RUNS = [
    [],
    ["--patched", "-c", "3", "-l", "2", "-s", "9", "-p", "ab", "-T", "7", "--seed", "4"],
    ["--fix", "kame", "--set", "diagnostic=1", "--pinger", "plain", "--schedule", "eager", "-R"],
    ["--case", "ab-esp", "--reflector", "userspace"],
    ["--case", "ab-esp", "-I", "10.9.9.2", "--host", "10.9.9.1", "--local", "10.9.9.7"],
    ["--case", "wildcard", "--both-ways", "--flush-probe"],
    ["--proto", "esp+ah", "--mode", "tunnel", "--local", "10.1.1.1", "--host", "10.1.1.1"],
    ["--probe", "tcp-closed", "-c", "2", "--fix", "strict"],
    ["--probe", "forward", "--drop-mark", "tags@looutput"],
]


@pytest.mark.parametrize("given", RUNS, ids=" ".join)
def test_a_run_is_made_again(given: list[str]) -> None:
    """The options of a run's record give the same record: nothing is lost, nothing is added."""
    run = opened(traced(given)).run
    again = opened(traced(options(run))).run
    assert {**asdict(again), "chosen": ""} == {**asdict(run), "chosen": ""}


@pytest.mark.parametrize("given", [["--host", "127.0.0.1"], [], ["--ends", "auto"]], ids=" ".join)
@pytest.mark.parametrize("name", ["two-addresses", "wildcard", "loopback"])
def test_a_run_of_a_file_is_made_again(name: str, given: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """So do those of a file's run, whether its ends were given, its own, or those that nobody named."""
    monkeypatch.chdir(Path(__file__).parents[2] / "docs" / "examples")
    test_a_run_is_made_again(["-f", f"{name}.conf", *given])


def traced(given: list[str]) -> bytes:
    """Trace what options say; HOST stands where ping has it."""
    words = list(given)
    host = [words.pop(words.index("--host") + 1)] if "--host" in words else []
    words = [word for word in words if word != "--host"]
    command = ["ping"]
    if "--probe" in words:
        at = words.index("--probe")
        command = ["probe", words[at + 1]]
        del words[at : at + 2]
    return invoke(*command, *words, *host, "--format", "jsonl").out


def test_standard_input_cannot_be_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that came on standard input is FILE in what to run next."""
    config = b'add 127.0.0.1 127.0.0.1 ah 0x1002 -A hmac-md5 "0123456789abcdef" ;\n'
    policy = b"spdadd 127.0.0.1 127.0.0.1 any -P out ipsec ah/transport//require ;\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(config + policy)))
    (asked,) = [line for line in invoke("ping", "-f", "-").lines if "why effect" in line]
    assert asked.split()[-3:] == ["-f", "FILE", "or"]
