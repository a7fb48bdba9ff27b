"""What do the command line's forms of an audit say, and how does it exit?"""

from __future__ import annotations

import io
import re
import struct
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ipsec_lo_trace.model.audit import LEAK_CODES, UNSURE_CODES
from ipsec_lo_trace.wire import ip
from tests.audit.support import AH, LO_ESP, capture, echo, packet, reply, sealed
from tests.audit.test_linux import AB_ESP, CAPTURES
from tests.cli.support import Done, assert_refused, invoke, spawn

LEAKING = capture([sealed(echo()), reply()])
CLEAN = capture([sealed(echo()), sealed(reply(), 3)])
XFRM_STATE = """\
src 127.0.0.1 dst 127.0.0.1
\tproto esp spi 0x00001001 reqid 0 mode transport
\treplay-window 0
\tauth-trunc hmac(sha1) 0x000102030405060708090a0b0c0d0e0f10111213 96
\tenc cbc(aes) 0x00112233445566778899aabbccddeeff
\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000
\tsel src 0.0.0.0/0 dst 0.0.0.0/0
"""
XFRM_POLICY = """\
src 127.0.0.1/32 dst 127.0.0.1/32
\tdir out priority 0 ptype main
\ttmpl src 127.0.0.1 dst 127.0.0.1
\t\tproto esp reqid 0 mode transport
"""


@pytest.fixture(name="host")
def made_host(tmp_path: Path) -> Path:
    """Make a folder with captures and configurations, and go there."""
    for name, data in (("leaking.pcap", LEAKING), ("clean.pcap", CLEAN), ("cut.pcap", LEAKING[:-5])):
        (tmp_path / name).write_bytes(data)
    for name, text in (("host.conf", LO_ESP), ("state.txt", XFRM_STATE), ("policy.txt", XFRM_POLICY)):
        (tmp_path / name).write_text(text, encoding="ascii")
    return tmp_path


def audit(host: Path, name: str, *options: str) -> Done:
    """Audit a capture of the folder against its setkey(8) file."""
    return invoke("audit", str(host / name), "-f", str(host / "host.conf"), *options)


def test_text_is_what_was_found(host: Path) -> None:
    """Without --all there is no row, however many packets there are; all else is the same."""
    with_rows, without = (audit(host, "leaking.pcap", *options).lines for options in (("--all",), ()))
    begin, end = with_rows.index("packet asked   got      what it is"), with_rows.index("findings")
    assert [*with_rows[:begin], *with_rows[end:]] == without


def test_all_lists_every_packet_and_ends_with_the_verdict(host: Path) -> None:
    """A row for each packet, the findings, the counts, and the verdict last."""
    done = audit(host, "leaking.pcap", "--all")
    assert (done.code, done.err) == (1, "")
    rows = [line for line in done.lines if re.match(r" {5}\d ", line)]
    assert [row.split()[:3] for row in rows] == [["1", "esp", "esp"], ["2", "esp", "CLEAR"]]
    assert "<== reply-in-clear-2003" in done.text
    assert "fix strip the tags in icmp_reflect" in done.text
    assert "packets 2 in all: 1 clear, 1 esp; 1 answered" in done.text
    assert done.lines[-3].startswith("VERDICT LEAK (reply-in-clear-2003) 1 packet crossed")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_text_wraps_and_cuts_nothing(host: Path, width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """However wide the lines are, the words are the same; none is longer than it must be."""
    monkeypatch.setenv("COLUMNS", str(width))
    done = audit(host, "leaking.pcap")
    monkeypatch.setenv("COLUMNS", "1000")
    assert done.text.split() == audit(host, "leaking.pcap").text.split()
    assert all(len(line) <= width or len(line.split()) == 1 or width < 40 for line in done.lines)


def test_rows_show_what_a_packet_is(host: Path) -> None:
    """Ports, bundles, fragments, and what is no IP at all are shown; so is that nothing is configured."""
    packets = [
        *ip.fragment(packet(17, struct.pack("!HHHH", 40000, 9, 108, 0) + bytes(100)), 84),
        AH.seal(sealed(echo()), spi=0x1002, seq=5),
        packet(132, bytes(8)),
    ]
    frames = [b"\x08\x00" + each for each in packets] + [b"\x08\x06" + bytes(28)]
    (host / "mixed.pcap").write_bytes(capture(frames, link=1, head=bytes(12)))
    (host / "empty.conf").write_text("flush; spdflush;", encoding="ascii")
    done = invoke("audit", str(host / "mixed.pcap"), "-f", str(host / "empty.conf"), "--all")
    told = [line[24:] for line in done.lines if re.match(r" {5}\d ", line)]
    assert told[0].startswith("127.0.0.1 > 127.0.0.1 udp 40000 > 9")
    assert told[0].endswith(" at 0")
    assert told[1:] == [
        "127.0.0.1 > 127.0.0.1 udp at 64",
        "127.0.0.1 > 127.0.0.1 ah:1002#5/esp:1001#1 (ah",
        "127.0.0.1 > 127.0.0.1 132",
        "ARP",
    ]
    assert "policy  none" in done.lines
    assert "SA      none" in done.lines


@pytest.mark.slow
def test_long_captures_stream(host: Path) -> None:
    """A few thousand packets have their rows and their records, in order."""
    (host / "long.pcap").write_bytes(capture([sealed(echo(seq), seq) for seq in range(1, 2001)]))
    numbers = [record["number"] for record in audit(host, "long.pcap", "--format", "jsonl").records[1:-1]]
    assert numbers == list(range(1, 2001))
    rows = re.findall(r"^ *(\d+) esp     esp ", audit(host, "long.pcap", "--all").text, re.MULTILINE)
    assert [int(row) for row in rows] == numbers


def test_doubts_are_skipped_cases(host: Path) -> None:
    """JUnit's report skips what nobody can tell."""
    (host / "wrong.pcap").write_bytes(capture([sealed(echo())[:-1] + b"\0"]))
    done = audit(host, "wrong.pcap", "--format", "junit")
    assert done.code == 0
    assert '<testcase name="no wrong-icv" classname="wrong.pcap" time="0">\n      <skipped ' in done.text


def test_notes_on_the_configuration_are_told(host: Path) -> None:
    """What the reader of ip xfrm's output leaves out is told on standard error."""
    text = XFRM_POLICY.replace("dir out", "dir fwd") + XFRM_POLICY + XFRM_STATE
    (host / "fwd.txt").write_text(text, encoding="ascii")
    done = invoke("audit", str(host / "clean.pcap"), "-f", str(host / "fwd.txt"), "-q")
    assert done.code == 0
    assert "fwd" in done.err


def test_quiet_is_one_line(host: Path) -> None:
    """-q prints the verdict alone, unwrapped."""
    done = audit(host, "clean.pcap", "-q")
    assert (done.code, done.err) == (0, "")
    assert done.lines == ["VERDICT CLEAN (clean) nothing crossed in clear where a policy asks for protection"]


def test_colour_adds_nothing_but_colour(host: Path) -> None:
    """Without the escape sequences the coloured text is the plain one."""
    plain, coloured = (audit(host, "leaking.pcap", "--color", choice).text for choice in ("never", "always"))
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain


def test_json_lines_hold_what_the_text_shows(host: Path) -> None:
    """A run record, one record for each packet, a verdict; nothing of the keys."""
    done = audit(host, "leaking.pcap", "--format", "jsonl")
    run, first, second, verdict = done.records
    assert [record["kind"] for record in done.records] == ["run", "packet", "packet", "verdict"]
    assert (run["capture"], run["config"]) == ("leaking.pcap", ["host.conf"])
    assert run["schema"] == "ipsec-lo-trace-audit/3"
    assert (first["got"], first["inside"]["info"]) == ("esp", "echo request id 0x0007 seq 1")
    assert (second["got"], second["inside"], second["answers"]) == ("clear", None, 1)
    assert second["codes"] == ["reply-in-clear-2003"]
    assert (verdict["outcome"], verdict["leaks"], verdict["trouble"]) == ("leak", 1, "")
    assert "000102030405" not in done.text


def test_junit_has_a_case_for_each_fault(host: Path) -> None:
    """A leak is a failure, a doubt is skipped, everything else passes, and the counts are right."""
    done = audit(host, "leaking.pcap", "--format", "junit")
    assert done.code == 1
    [suite] = ET.fromstring(done.text)  # noqa: S314 -- our own
    cases = {case.get("name"): [child.tag for child in case] for case in suite.iter("testcase")}
    assert len(cases) == len(LEAK_CODES) + len(UNSURE_CODES) + 1 == int(suite.get("tests", ""))
    assert cases.pop("no reply-in-clear-2003") == ["failure"]
    assert not any(cases.values())
    assert (suite.get("failures"), suite.get("errors")) == ("1", "0")


def test_a_truncated_capture_is_told_after_all_that_it_holds(host: Path) -> None:
    """What could be read is reported in each form, then the message, and the exit code is 2."""
    for form, words in (
        ("text", "trouble"),
        ("jsonl", '"trouble":"it ends inside packet 2'),
        ("junit", "<error"),
    ):
        done = audit(host, "cut.pcap", "--format", form)
        assert done.code == 2
        assert words in done.text
        assert "it ends inside packet 2" in done.err
        assert done.err.count("\n") == 1
    assert "     1 esp     esp" in audit(host, "cut.pcap", "--all").text


def test_linux_words_do_for_a_configuration(host: Path) -> None:
    """What ip xfrm state and ip xfrm policy print gives the same verdict as a setkey(8) file."""
    files = [option for name in ("state.txt", "policy.txt") for option in ("-f", str(host / name))]
    for name in ("leaking.pcap", "clean.pcap"):
        done = invoke("audit", str(host / name), *files, "-q")
        assert (done.code, done.out) == (
            audit(host, name, "-q").code,
            audit(host, name, "-q").out,
        )


def test_output_goes_to_a_file_whole(host: Path) -> None:
    """-o writes what standard output would get, and never over what is read."""
    done = audit(host, "leaking.pcap", "-o", str(host / "out.txt"))
    assert (done.code, done.out) == (1, b"")
    assert (host / "out.txt").read_bytes() == audit(host, "leaking.pcap").out
    assert_refused(audit(host, "leaking.pcap", "-o", str(host / "leaking.pcap")), "would replace it")
    assert (host / "leaking.pcap").read_bytes() == LEAKING


def test_a_capture_may_come_by_standard_input(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """- is standard input, for the capture or for the configuration, not for both."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAKING)))
    done = invoke("audit", "-", "-f", str(host / "host.conf"), "--format", "jsonl")
    assert (done.code, done.records[0]["capture"]) == (1, "-")
    assert_refused(invoke("audit", "-", "-f", "-"), "only one can be standard input")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["no.pcap", "-f", "host.conf"], "no.pcap"),
        (["clean.pcap", "-f", "no.conf"], "cannot read no.conf: no such file"),
        (["host.conf", "-f", "host.conf"], "neither pcap nor pcapng"),
        (["clean.pcap"], "-f is missing"),
        (["clean.pcap", "-f", "host.conf", "-q", "--format", "jsonl"], "is for text"),
        (["clean.pcap", "-f", "host.conf", "--color", "always", "--format", "junit"], "is for text"),
        (["clean.pcap", "-f", "host.conf", "-f", "state.txt"], "each must hold what ip xfrm prints"),
    ],
)
def test_mistakes_are_told(
    host: Path, options: list[str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad input is one message and exit code 2."""
    monkeypatch.chdir(host)
    assert_refused(invoke("audit", *options), words)


@pytest.mark.slow
def test_two_audits_are_the_same(host: Path) -> None:
    """Two processes write the same bytes."""
    for form in ("text", "jsonl", "junit"):
        arguments = ["audit", "leaking.pcap", "-f", "host.conf", "--format", form]
        one, other = (spawn(*arguments, cwd=host, PYTHONHASHSEED=seed) for seed in ("1", "2"))
        assert one == other
        assert one.out


def test_a_real_capture_can_be_audited(tmp_path: Path) -> None:
    """The command says of Linux's own capture what the audit room says."""
    (tmp_path / "ab.conf").write_text(AB_ESP, encoding="ascii")
    done = invoke("audit", str(CAPTURES / "ab-clear-reply.pcap"), "-f", str(tmp_path / "ab.conf"), "-q")
    assert done.code == 1
    assert done.text.startswith("VERDICT LEAK (reply-in-clear-2003)")
