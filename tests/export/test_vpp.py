"""export --to vpp-pcap: a dispatch trace, link type 280."""

from __future__ import annotations

import json
import struct
from pathlib import Path

from tests.export.support import export, stored


def records(data: bytes) -> list[tuple[int, bytes]]:
    """Take a pcap file apart: seconds and bytes of each record."""
    assert struct.unpack_from("<IHHiIII", data) == (0xA1B2C3D4, 2, 4, 0, 0, 262_144, 280)
    found = []
    at = 24
    while at < len(data):
        seconds, micro, captured, original = struct.unpack_from("<IIII", data, at)
        assert (micro, captured) == (0, original)
        found.append((seconds, data[at + 16 : at + 16 + captured]))
        at += 16 + captured
    assert at == len(data)
    return found


def test_a_record_for_each_row(tmp_path: Path) -> None:
    """Each row is a record of version 1.0 with five strings, a hint at IPv4, and the packet."""
    path = stored(tmp_path, "-c", "2", "-l", "2", "-s", "40000")
    _run, *steps, _verdict = map(json.loads, Path(path).read_text(encoding="ascii").splitlines())
    found = records(export(path, "--to", "vpp-pcap"))
    assert [seconds for seconds, _record in found] == [step["row"] for step in steps]
    for (_seconds, record), step in zip(found, steps, strict=True):
        assert record[:4] == bytes((1, 0, 5, 2))
        node, _metadata, _opaque, _opaque2, text, packet = record[8:].split(b"\0", 5)
        assert (node.decode(), text.decode()) == (step["stage"], step["text"])
        assert len(packet) == step["wire"]["len"]


def test_buffer_index_is_the_mbuf(tmp_path: Path) -> None:
    """A reply has its request's buffer, a later fragment one of its own, and so has another echo."""
    path = stored(tmp_path, "-c", "2", "-s", "40000")
    _run, *steps, _verdict = map(json.loads, Path(path).read_text(encoding="ascii").splitlines())
    numbers = [int.from_bytes(record[4:8], "big") for _s, record in records(export(path, "--to", "vpp-pcap"))]
    wanted = [step["echo"] << 8 | int(step["packet"].partition("/")[2] or 0) for step in steps]
    assert numbers == wanted


def test_text_cannot_end_a_string(tmp_path: Path) -> None:
    """A NUL in a trace's text is escaped: the packet still begins behind five strings."""
    path = Path(stored(tmp_path))
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    step = json.loads(lines[1])
    step["text"] = "a\0b\nc"
    path.write_text("".join([lines[0], json.dumps(step) + "\n", *lines[2:]]), encoding="ascii")
    _seconds, record = records(export(str(path), "--to", "vpp-pcap"))[0]
    *_rest, text, packet = record[8:].split(b"\0", 5)
    assert text == rb"a\x00b\x0ac"
    assert len(packet) == 84
