"""A trace as a dispatch trace of VPP, another graph of packet nodes: link type 280, which Wireshark knows.

One record: version 1.0, how many strings follow, a hint at what the packet is, the buffer's index (big
endian), strings that end in NUL (node, metadata, opaque, opaque 2, trace), and the packet.
Source: VPP's record description on tcpdump-workers, November 2018.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import IO

from ipsec_lo_trace.render.export import words
from ipsec_lo_trace.render.export.flow import Moment, follow, numbers
from ipsec_lo_trace.render.export.words import plain
from ipsec_lo_trace.render.store import StoredTrace

LINK_TYPE = 280
SNAP_LEN = 262_144
_PCAP_MAGIC = 0xA1B2C3D4
_VERSION = (1, 0)
_STRINGS = 5
_HINT_IP4 = 2


def write_vpp(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write every row, at as many seconds as its number."""
    out.write(struct.pack("<IHHiIII", _PCAP_MAGIC, 2, 4, 0, 0, SNAP_LEN, LINK_TYPE))
    for now in follow(trace):
        record = _record(now)
        kept = record[:SNAP_LEN]  # texts that somebody else wrote may be longer
        out.write(struct.pack("<IIII", now.step.row & 0xFFFFFFFF, 0, len(kept), len(record)) + kept)


def _record(now: Moment) -> bytes:
    step = now.step
    texts = [
        [step.stage],
        [words.place(step), *words.decision(step)],
        words.marks(step),
        words.changes(now) or ["changed: nothing"],
        [step.text],
    ]
    head = struct.pack(">BBBBI", *_VERSION, _STRINGS, _HINT_IP4, _buffer_index(now))
    return head + b"".join(_string(lines) for lines in texts) + now.data


def _string(lines: Iterable[str]) -> bytes:
    """Return lines as one string; nothing in it can end it early."""
    return "\n".join(map(plain, lines)).encode() + b"\0"


def _buffer_index(now: Moment) -> int:
    """Return the mbuf's number: a reply is in its request's, and that is the point."""
    _which, part = numbers(now.step)
    return (now.step.echo << 8 | part & 0xFF) & 0xFFFFFFFF
