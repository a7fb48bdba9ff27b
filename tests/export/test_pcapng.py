"""export --to pcapng: every row at its stage, or what crossed lo0."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from scapy.utils import RawPcapNgReader

from ipsec_lo_trace.render.export.blocks import MAX_OPTION_LEN, packet, section
from ipsec_lo_trace.render.export.pcapng import wire_packets
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.cli.support import invoke
from tests.export.support import export, read_pcapng, stored

AF_INET = bytes((2, 0, 0, 0))
OUT, IN = 2, 1
FLAGS, PACKET_ID, VERDICT = 2, 5, 7
RUNS = {
    "esp": (),
    "patched": ("--patched",),
    "bundle": ("--proto", "esp+ah", "-c", "3", "-l", "2"),
    "fragments": ("--mode", "tunnel", "-s", "40000", "-c", "2", "-l", "2"),
    "options": ("-R", "-c", "2"),
}


def records(path: str) -> list[dict[str, Any]]:
    """Read a stored trace as JSON."""
    return [json.loads(line) for line in Path(path).read_text(encoding="ascii").splitlines()]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_frame_for_each_row(run: tuple[str, ...], tmp_path: Path) -> None:
    """Each row is a frame: on its stage's interface, at as many seconds as its number, its length's bytes."""
    path = stored(tmp_path, *run)
    _run, *steps, _verdict = records(path)
    capture = read_pcapng(export(path, "--to", "pcapng"))
    assert [frame.interface.name for frame in capture.frames] == [step["stage"] for step in steps]
    assert [frame.time for frame in capture.frames] == [step["row"] * 10**9 for step in steps]
    assert {frame.data[:4] for frame in capture.frames} == {AF_INET}
    assert [len(frame.data) - 4 for frame in capture.frames] == [step["wire"]["len"] for step in steps]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_bytes_are_the_packet_s(run: tuple[str, ...], tmp_path: Path) -> None:
    """A row's frame has the bytes that the trace gave for its packet last."""
    path = stored(tmp_path, *run)
    _run, *steps, _verdict = records(path)
    frames = read_pcapng(export(path, "--to", "pcapng")).frames
    changed = [(frame, step) for frame, step in zip(frames, steps, strict=True) if step["bytes"] is not None]
    assert all(frame.data[4:].hex() == step["bytes"] for frame, step in changed)
    for frame, step in zip(frames, steps, strict=True):
        header = frame.data[4:]
        assert int.from_bytes(header[4:6], "big") == step["wire"]["ident"]
        if step["stage"] == "looutput":  # in between, the kernel leaves the header's length for later
            assert int.from_bytes(header[2:4], "big") == step["wire"]["len"]


def test_interfaces_come_in_order_of_use() -> None:
    """There is one interface for each stage, named once, and all have link type DLT_NULL."""
    capture = read_pcapng(export("@unpatched", "--to", "pcapng"))
    names = [interface.name for interface in capture.interfaces]
    assert names == list(dict.fromkeys(frame.interface.name for frame in capture.frames))
    assert {(interface.link_type, interface.resolution) for interface in capture.interfaces} == {(0, 9)}


def test_comments_tell_the_row() -> None:
    """The comments of the row where the leak begins name it, its marks, the question and the decision."""
    [frame] = [
        frame
        for frame in read_pcapng(export("@unpatched", "--to", "pcapng")).frames
        if frame.comments[0].startswith("row 18:")
    ]
    assert frame.comments[0] == "row 18: ip_output (visit 1), step 8, P2 of echo 1"
    stale = "mark: OUT_DONE esp 0x00001000 to 127.0.0.1 made for P1 in row 6, STALE"
    assert stale in frame.comments
    assert any(
        comment.startswith("asked: ip_output: does a tag name") and "settled by a STALE mark" in comment
        for comment in frame.comments
    )
    assert "decision: skip; goes on to looutput" in frame.comments


def test_directions_and_ids() -> None:
    """A packet goes out until it has crossed lo0, then in; the reply has another id and goes out again."""
    frames = read_pcapng(export("@unpatched", "--to", "pcapng")).frames
    ways = [(frame.number(FLAGS), frame.number(PACKET_ID)) for frame in frames]
    request, reply = 1 << 32 | 1 << 16, 1 << 32 | 2 << 16
    assert ways == [(OUT, request)] * 8 + [(IN, request)] * 7 + [(OUT, reply)] * 4 + [(IN, reply)] * 3


def test_verdict_of_a_drop(tmp_path: Path) -> None:
    """The row that drops the packet has traffic control's verdict for that, the others that for going on."""
    config = tmp_path / "discard.conf"
    config.write_text("spdadd 127.0.0.1/32 127.0.0.1/32 any -P out discard ;\n", encoding="ascii")
    frames = read_pcapng(export("@unpatched", "-f", str(config), "--to", "pcapng")).frames
    verdicts = [frame.options[VERDICT][0] for frame in frames]
    assert verdicts == [bytes((1, 0)) + bytes(7), bytes((1, 2)) + bytes(7)]
    assert "decision: drop; out-policy; ends here" in frames[-1].comments


@pytest.mark.parametrize("kind", [probe.name for probe in all_probes()])
def test_every_probe_s_bytes_are_found(kind: str, tmp_path: Path) -> None:
    """Copies, fragments and forwarded packets are followed too: each row's frame has its packet's length."""
    path = str(tmp_path / "trace.jsonl")
    assert invoke("probe", kind, "--format", "jsonl", "-o", path).code == 0
    _run, *steps, _verdict = records(path)
    frames = read_pcapng(export(path, "--to", "pcapng")).frames
    assert [len(frame.data) - 4 for frame in frames] == [step["wire"]["len"] for step in steps]


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_wire_is_what_crossed_lo0(run: tuple[str, ...], tmp_path: Path) -> None:
    """--wire has the crossings of the verdict, in order, on the one interface lo0."""
    path = stored(tmp_path, *run)
    crossings = records(path)[-1]["lo0"]
    capture = read_pcapng(export(path, "--to", "pcapng", "--wire"))
    assert [interface.name for interface in capture.interfaces] == ["lo0"]
    assert [frame.time for frame in capture.frames] == [one["row"] * 10**9 for one in crossings]
    assert [len(frame.data) - 4 for frame in capture.frames] == [one["len"] for one in crossings]
    for frame, one in zip(capture.frames, crossings, strict=True):
        assert one["proto"][0] == {1: "icmp", 50: "esp", 51: "ah"}[frame.data[13]]
    with Path(path).open("rb") as lines:
        crossed = [(one.step.row, one.data) for one in wire_packets(StoredTrace(lines))]
    assert [(frame.time // 10**9, frame.data[4:]) for frame in capture.frames] == crossed


def test_wire_without_a_packet(tmp_path: Path) -> None:
    """Where nothing crossed lo0 the capture has its interface and no packet, and that is said."""
    config = tmp_path / "discard.conf"
    config.write_text("spdadd 127.0.0.1/32 127.0.0.1/32 any -P out discard ;\n", encoding="ascii")
    done = invoke("export", "@unpatched", "-f", str(config), "--to", "pcapng", "--wire")
    assert done.code == 0
    assert "nothing crossed lo0" in done.err
    capture = read_pcapng(done.out)
    assert (len(capture.interfaces), capture.frames) == (1, [])


@pytest.mark.parametrize("wire", [[], ["--wire"]], ids=["stages", "wire"])
def test_scapy_reads_the_same(wire: list[str], tmp_path: Path) -> None:
    """With scapy's reader come the same bytes, times and interfaces."""
    data = export("@unpatched", "-c", "3", "--to", "pcapng", *wire)
    frames = read_pcapng(data).frames
    (tmp_path / "capture").write_bytes(data)
    with RawPcapNgReader(str(tmp_path / "capture")) as reader:
        read: list[tuple[bytes, Any]] = list(reader)
    assert [packet for packet, _about in read] == [frame.data for frame in frames]
    assert [(about.tshigh << 32 | about.tslow) for _packet, about in read] == [frame.time for frame in frames]
    assert [about.ifname.decode() for _packet, about in read] == [frame.interface.name for frame in frames]
    assert {about.linktype for _packet, about in read} == {0}


def test_long_text_is_split() -> None:
    """A comment longer than an option can be comes as several, and nothing of it is lost."""
    text = "x" * (2 * MAX_OPTION_LEN + 5)
    data = section("tool", []) + packet(0, 1, b"", comments=[text])
    block = data[len(section("tool", [])) :]
    assert block.count(b"x") == len(text)
    assert len(block) % 4 == 0


def test_header_tells_the_verdict() -> None:
    """The section says the kernel and the verdict, so that the file speaks for itself."""
    first, second, third = read_pcapng(export("@patched", "--to", "pcapng")).comments
    assert first == "kernel netbsd-2003-08, fix netbsd-2003-08: ping 127.0.0.1 -> 127.0.0.1"
    assert second.startswith("VERDICT CLEAN (clean)")
    assert "row N of the trace is at N seconds" in third
