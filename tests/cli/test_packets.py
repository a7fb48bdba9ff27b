"""ping(8)'s letters, to their limits: sane verdicts, and bytes as asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import ping


def trace(*arguments: str) -> list[Any]:
    """Run ping and give its records."""
    return ping("--format", "jsonl", *arguments).records


def request(records: list[Any]) -> bytes:
    """Return the echo request's data behind the IP (with its options) and ICMP headers."""
    packet = bytes.fromhex(records[1]["bytes"])
    return packet[(packet[0] & 15) * 4 + 8 :]


@pytest.mark.parametrize("fix", ["--unpatched", "--patched"])
@pytest.mark.parametrize(
    "options",
    [
        ["-s", "0"],
        ["-s", "7"],
        ["-s", "8"],
        ["-p", "ff"],
        ["-T", "1"],
        ["-T", "255"],
        ["-R"],
        ["-l", "4", "-c", "4"],
        ["-l", "5", "-c", "2"],
        ["-s", "33100"],
        ["-s", "33164"],
        ["-s", "33165"],
        ["-s", "65000"],
        ["-s", "40000", "-l", "3", "-c", "3"],
        ["--local", "10.0.0.1", "10.0.0.1"],
        ["--proto", "ah", "-R", "--set", "ah_options=mended"],
        ["--proto", "esp+ah", "--mode", "tunnel", "-s", "40000"],
        ["--auth", "none"],
    ],
    ids=" ".join,
)
def test_options_do_not_change_the_story(fix: str, options: list[str]) -> None:
    """Whatever the packet's shape, unpatched leaks, patched is clean, and ping sees every reply."""
    verdict = trace(fix, *options)[-1]
    assert verdict["outcome"] == ("leak" if fix == "--unpatched" else "clean")
    assert (verdict["ping"], verdict["errno"]) == ("ok", None)
    assert verdict["received"] == verdict["sent"]


@pytest.mark.parametrize("size", [0, 1, 7, 8, 56, 300, 40000])
def test_size(size: int) -> None:
    """-s N sends N bytes of data."""
    assert len(request(trace("-s", str(size)))) == size


@pytest.mark.parametrize(
    ("pattern", "data"),
    [
        ("ff", b"\xff" * 20),
        ("0", b"\x00" * 20),
        ("abc", b"\xab\x0c" * 10),
        ("0123", b"\x01\x23" * 10),
        ("00" * 15 + "ee", (b"\x00" * 15 + b"\xee" + b"\x00" * 4)),
    ],
)
def test_pattern(pattern: str, data: bytes) -> None:
    """-p fills the data, behind the time stamp, with the digits' bytes; an odd last digit is a byte."""
    assert request(trace("-s", "20", "-p", pattern))[8:] == data[8:]


def test_ttl() -> None:
    """-T sets the request's time to live."""
    assert bytes.fromhex(trace("-T", "7")[1]["bytes"])[8] == 7


def test_record_route() -> None:
    """-R puts a record route option into the IP header, in ip_output."""
    packet = bytes.fromhex(trace("-R")[2]["bytes"])
    assert (packet[0] & 15) * 4 == 60
    assert packet[20] == 7


@pytest.mark.parametrize("proto", ["esp", "ah", "esp+ah"])
def test_largest_packet(proto: str) -> None:
    """The largest ping fits into IP, but not with IPsec's headers: sendto fails with EMSGSIZE."""
    verdict = trace("-s", "65507", "--proto", proto)[-1]
    assert (verdict["outcome"], verdict["code"]) == ("error", "message-too-long")
    assert (verdict["ping"], verdict["errno"], verdict["lo0"]) == ("error", "EMSGSIZE", [])


@pytest.mark.slow
def test_queue_limit() -> None:
    """More requests at once than the IP input queue holds: those beyond its 50 are lost, no more."""
    verdict = trace("-c", "300", "-l", "300", "--patched", "--pinger", "plain")[-1]
    assert (verdict["outcome"], verdict["code"]) == ("lost", "ipintrq-full")
    assert (verdict["sent"], verdict["received"], verdict["ping"]) == (300, 50, "loss")


def test_source(tmp_path: Path) -> None:
    """-I sends from another address of lo0, under the user's own policies."""
    config = tmp_path / "none.conf"
    config.write_text("flush ;\n", encoding="ascii")
    records = trace("-f", str(config), "--local", "10.0.0.1", "-I", "10.0.0.1", "127.0.0.1")
    assert [(one["src"], one["dst"]) for one in records[-1]["lo0"]] == [
        ("10.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "10.0.0.1"),
    ]
