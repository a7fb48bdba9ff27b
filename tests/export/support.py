"""Exports to look at, and a reader of pcapng that shares no line with the writer."""

from __future__ import annotations

import functools
import shutil
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ipsec_lo_trace.cli.formats import FORMATS
from tests.cli.support import invoke

BINARIES = tuple(name for name, form in FORMATS.items() if form.capture)
TEXTS = tuple(name for name, form in FORMATS.items() if not form.capture and not form.pair)


@dataclass(frozen=True)
class Interface:
    """An interface description block."""

    name: str
    link_type: int
    resolution: int


@dataclass(frozen=True)
class Frame:
    """An enhanced packet block; options by their code."""

    interface: Interface
    time: int
    data: bytes
    options: dict[int, list[bytes]]

    @property
    def comments(self) -> list[str]:
        """Its comments."""
        return [value.decode() for value in self.options.get(1, [])]

    def number(self, code: int) -> int:
        """Read an option as a little-endian number."""
        [value] = self.options[code]
        return int.from_bytes(value, "little")


@dataclass
class Capture:
    """A pcapng file of one section."""

    comments: list[str] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)


def read_pcapng(data: bytes) -> Capture:
    """Read a little-endian pcapng file of one section; every byte must be accounted for."""
    capture = Capture()
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        assert length % 4 == 0
        assert data[at + length - 4 : at + length] == struct.pack("<I", length)
        _read_block(capture, kind, data[at + 8 : at + length - 4])
        at += length
    assert at == len(data)
    return capture


def _read_block(capture: Capture, kind: int, body: bytes) -> None:
    if kind == 0x0A0D0D0A:
        assert not capture.interfaces
        assert struct.unpack_from("<IHHq", body) == (0x1A2B3C4D, 1, 0, -1)
        capture.comments = [value.decode() for value in _options(body[16:]).get(1, [])]
    elif kind == 1:
        link_type, reserved, snap_len = struct.unpack_from("<HHI", body)
        assert (reserved, snap_len) == (0, 262_144)
        options = _options(body[8:])
        capture.interfaces.append(Interface(options[2][0].decode(), link_type, options[9][0][0]))
    else:
        assert kind == 6
        number, high, low, captured, original = struct.unpack_from("<IIIII", body)
        assert captured == original
        padded = captured + -captured % 4
        frame = body[20 : 20 + captured]
        assert not any(body[20 + captured : 20 + padded])
        interface = capture.interfaces[number]
        capture.frames.append(Frame(interface, high << 32 | low, frame, _options(body[20 + padded :])))


def _options(data: bytes) -> dict[int, list[bytes]]:
    options: dict[int, list[bytes]] = {}
    at = 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        if code == 0:
            assert (length, at + 4) == (0, len(data))
            break
        options.setdefault(code, []).append(data[at + 4 : at + 4 + length])
        at += 4 + length + -length % 4
    return options


def export(*arguments: str) -> bytes:
    """Export to standard output, without keys where there could be some; nothing may be said."""
    captures = any(form in arguments for form in BINARIES)
    done = invoke("export", *arguments, *(["--no-keys"] if captures else []))
    assert (done.code, done.err) == (0, "")
    return done.out


def stored(folder: Path, *arguments: str, name: str = "trace.jsonl") -> str:
    """Store a ping's trace; give the file's name."""
    path = str(folder / name)
    assert invoke("ping", *arguments, "--format", "jsonl", "-o", path).code == 0
    return path


@functools.cache
def program(name: str) -> str:
    """Find a viewer; skip, aloud, where it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def shown(*command: str) -> str:
    """Run a viewer; give what it prints."""
    done = subprocess.run([program(command[0]), *command[1:]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
