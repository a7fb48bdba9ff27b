"""TCP segments as bytes, as far as opening and refusing a connection goes.  RFC 793; options RFC 1323."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ipsec_lo_trace.wire.ip import IpHeader, checksum
from ipsec_lo_trace.wire.udp import pseudo_header

HEADER_LEN = 20
TH_SYN = 0x02
TH_RST = 0x04
TH_ACK = 0x10
LETTERS = ((0x02, "S"), (0x04, "R"), (0x01, "F"), (0x08, "P"), (0x20, "U"), (0x10, "A"))
"""The flags in the order in which they are shown."""
_HEADER = struct.Struct("!HHIIBBHHH")
_CHECKSUM_AT = 16


class TcpHeader(NamedTuple):
    """A TCP header; ``seq`` and ``ack`` 32 bits, ``options`` in bytes, a multiple of four."""

    sport: int
    dport: int
    seq: int
    ack: int
    flags: int
    win: int = 0
    options: bytes = b""

    @property
    def header_len(self) -> int:
        """The header's length in bytes with its options."""
        return HEADER_LEN + len(self.options)


def read(segment: bytes) -> TcpHeader | None:
    """Read the header; None if the segment ends inside it, or its length says less than 20 bytes."""
    if len(segment) < HEADER_LEN:
        return None
    sport, dport, seq, ack, off, flags, win, _sum, _urp = _HEADER.unpack_from(segment)
    header_len = (off >> 4) * 4
    if not HEADER_LEN <= header_len <= len(segment):
        return None
    return TcpHeader(sport, dport, seq, ack, flags, win, segment[HEADER_LEN:header_len])


def write(header: IpHeader, tcp: TcpHeader) -> bytes:
    """Make a segment without data to travel under an IP header."""
    off = tcp.header_len // 4 << 4
    fixed = _HEADER.pack(tcp.sport, tcp.dport, tcp.seq, tcp.ack, off, tcp.flags, tcp.win, 0, 0)
    segment = fixed + tcp.options
    total = checksum(pseudo_header(header, len(segment)) + segment)
    return segment[:_CHECKSUM_AT] + total.to_bytes(2, "big") + segment[_CHECKSUM_AT + 2 :]


def checksum_ok(header: IpHeader, segment: bytes) -> bool:
    """Tell whether the checksum is right."""
    return checksum(pseudo_header(header, len(segment)) + segment) == 0


def timestamp_option(value: int, echoed: int) -> bytes:
    """Make the timestamp option as RFC 1323 appendix A has it: two NOPs before it."""
    return struct.pack("!BBBBII", 1, 1, 8, 10, value, echoed)


def syn_options(mss: int) -> bytes:
    """Make the options of a SYN: maximum segment size (bytes), window scale 0, timestamp 0."""
    return struct.pack("!BBHBBBB", 2, 4, mss, 1, 3, 3, 0) + timestamp_option(0, 0)


def flags_text(flags: int) -> str:
    """Show the flags as letters: S, SA, RA, A; "-" for none."""
    return "".join(letter for bit, letter in LETTERS if flags & bit) or "-"


def describe(segment: bytes) -> str:
    """Say in words what the segment is; its first twenty bytes will do."""
    if len(segment) < HEADER_LEN:
        return "TCP cut short"
    sport, dport, _seq, _ack, _off, flags, *_rest = _HEADER.unpack_from(segment)
    return f"{sport} > {dport} {flags_text(flags)}"
