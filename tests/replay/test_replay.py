"""Does a capture's packet, fed to the modelled kernel at lo0, fare as it should?"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.audit.support import LO_ESP, MD5, SHA1, TRIPLE_DES, capture, echo, packet, reply, sealed
from tests.audit.test_linux import CAPTURES, CONFIGURATIONS
from tests.cli.support import Done, assert_refused, invoke


@pytest.fixture(name="host")
def made_host(tmp_path: Path) -> Path:
    """Make a folder with a configuration."""
    (tmp_path / "host.conf").write_text(LO_ESP, encoding="ascii")
    return tmp_path


def replay(host: Path, data: bytes, *options: str) -> Done:
    """Replay a capture."""
    (host / "a.pcap").write_bytes(data)
    return invoke("replay", str(host / "a.pcap"), "-f", str(host / "host.conf"), *options)


def records(host: Path, data: bytes, *options: str) -> list[Any]:
    """Replay a capture that can be; give its records."""
    done = replay(host, data, "--format", "jsonl", *options)
    assert (done.code, done.err) == (0, "")
    return done.records


def test_each_packet_enters_ip_input_without_a_mark(host: Path) -> None:
    """Packet N is P1 of echo N: it comes by the input queue in a fresh mbuf, and its answer follows."""
    run, *steps, verdict = records(host, capture([sealed(echo(1)), sealed(echo(2), 20)]))
    entries = [
        step for step in steps if (step["packet"], step["stage"], step["visit"]) == ("P1", "ip_input", 1)
    ]
    assert [(step["echo"], step["via"]) for step in entries] == [(1, "netisr"), (2, "netisr")]
    assert not any(step["marks"] for step in entries)
    assert (run["program"], run["capture"], run["count"], run["src"]) == ("replay", "a.pcap", 2, "127.0.0.1")
    assert [crossing["proto"] for crossing in verdict["lo0"]] == [["esp"], ["esp"]]
    assert (verdict["sent"], verdict["received"]) == (2, 2)


def test_what_linux_sent_is_taken_in(host: Path) -> None:
    """The packets of Linux 6.1 open in the modelled kernel, and its requests are answered."""
    for name in ("lo1-esp-aes-sha1", "lo1-ah-sha1", "ab-esp-aes-sha1", "ab-esp-ah"):
        (host / "host.conf").write_text(CONFIGURATIONS[name], encoding="ascii")
        verdict = records(host, (CAPTURES / f"{name}.pcap").read_bytes(), "--patched")[-1]
        assert (verdict["outcome"], verdict["sent"], verdict["received"]) == ("clean", 4, 4), name
        assert len(verdict["lo0"]) == 2


def test_what_linux_refused_is_refused(host: Path) -> None:
    """The packet with the flipped ICV is lost here as there."""
    (host / "host.conf").write_text(CONFIGURATIONS["inj-ab-esp-badicv"], encoding="ascii")
    verdict = records(host, (CAPTURES / "inj-ab-esp-badicv.pcap").read_bytes())[-1]
    assert (verdict["outcome"], verdict["code"], verdict["received"]) == ("lost", "bad-icv", 0)


def test_clear_packets_meet_the_inbound_policy(host: Path) -> None:
    """A clear request that the inbound policy wants protected is dropped at gate 1."""
    verdict = records(host, capture([echo(), reply()]))[-1]
    assert (verdict["outcome"], verdict["code"], verdict["received"]) == ("lost", "in-policy", 0)


def test_a_fix_and_a_switch_can_be_chosen(host: Path) -> None:
    """--fix and --set make the kernel as they do for a ping."""
    data = capture([sealed(echo())])
    run = records(host, data, "--fix", "netbsd-2.0", "--set", "altq_on_lo0=yes")[0]
    assert (run["fix"], run["knobs"]) == ("netbsd-2.0", ["altq_on_lo0=yes"])
    assert records(host, data, "--unpatched")[-1]["code"] == "packet-filter-skipped"
    assert records(host, data, "--patched")[-1]["outcome"] == "clean"


def test_the_text_is_a_timeline(host: Path) -> None:
    """The text heads the capture, shows each row, and ends with the verdict's lines."""
    done = replay(host, capture([sealed(echo())]), "--patched")
    assert done.code == 0
    assert done.lines[0].startswith("replay a.pcap 127.0.0.1 over lo0, 1 packet")
    assert "CLEAN (" in done.text
    assert ": 1 of 1 taken in." in " ".join(done.text.split())


def test_a_stored_replay_shows_the_same(host: Path) -> None:
    """The command show prints of a stored replay what the run itself printed."""
    data = capture([sealed(echo()), echo(2)])
    live = replay(host, data)
    (host / "trace.jsonl").write_bytes(replay(host, data, "--format", "jsonl").out)
    assert invoke("show", str(host / "trace.jsonl")).out == live.out


def test_expectations_set_the_exit_code(host: Path) -> None:
    """--expect is met by an outcome or a code, and exits 1 otherwise."""
    data = capture([sealed(echo())])
    assert replay(host, data, "--patched", "--expect", "clean").code == 0
    assert replay(host, data, "--patched", "--expect", "leak").code == 1


def test_others_are_left_out_and_counted(host: Path) -> None:
    """A packet that is no IPv4 is left out, aloud; a capture with none else is refused."""
    ethernet = [b"\x86\xdd\x60" + bytes(39), b"\x08\x00" + sealed(echo())]
    done = replay(host, capture(ethernet, link=1, head=bytes(12)), "--format", "jsonl")
    assert done.code == 0
    assert "1 packets are no IPv4 and left out" in done.err
    assert done.records[0]["count"] == 1
    assert_refused(
        replay(host, capture(ethernet[:1], link=1, head=bytes(12))), "there is no IPv4 packet in it"
    )
    assert_refused(replay(host, capture([])), "there is no IPv4 packet in it")


def test_a_truncated_capture_is_replayed_as_far_as_it_goes(host: Path) -> None:
    """What could be read is traced, then the message comes, and the exit code is 2."""
    done = replay(host, capture([sealed(echo()), sealed(reply(), 5)])[:-3], "--format", "jsonl")
    assert done.code == 2
    assert done.records[-1]["sent"] == 1
    assert "it ends inside packet 2" in done.err
    assert_refused(replay(host, capture([sealed(echo())])[:-3]), "it ends inside packet 1")


def test_any_packet_may_be_fed(host: Path) -> None:
    """Short packets, lying headers, other protocols: each ends in a drop with a reason."""
    odd = [
        b"\x45",
        echo()[:19],
        packet(132, bytes(8)),
        packet(50, bytes(3)),
        packet(1, b"\x08"),
        echo()[:2] + b"\xff\xff" + echo()[4:],
    ]
    verdict = records(host, capture(odd, link=228))[-1]
    assert (verdict["sent"], verdict["received"]) == (6, 0)


def test_standard_input_is_read(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """- is standard input, for one of the two."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(capture([sealed(echo())]))))
    done = invoke("replay", "-", "-f", str(host / "host.conf"), "--format", "jsonl")
    assert (done.code, done.records[0]["program"], done.records[0]["capture"]) == (0, "replay", "-")
    assert_refused(invoke("replay", "-", "-f", "-"), "only one can be standard input")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--patched", "--unpatched"], "exclude each other"),
        (["--fix", "nothing"], "no such fix"),
        (["--set", "looutput=tags", "--set", "looutput=all"], "given twice"),
        (["-q", "-v"], "exclude each other"),
        (["-q", "--detail", "full"], "nothing to act on"),
        (["--format", "json", "--bytes", "all"], "is for text"),
        (["--detail", "minimal", "-v"], "minimal form"),
        (["--expect", "nothing"], "neither an outcome nor a code"),
    ],
)
def test_mistakes_are_told(host: Path, options: list[str], words: str) -> None:
    """Options that contradict each other are refused."""
    assert_refused(replay(host, capture([sealed(echo())]), *options), words)


def test_no_key_is_in_a_trace(host: Path) -> None:
    """The records of a replay hold no key."""
    text = replay(host, capture([sealed(echo())]), "--format", "json").text
    assert not any(key in text for key in (SHA1, MD5, TRIPLE_DES))
