"""TCP segments as bytes, as far as opening and refusing a connection goes.  RFC 793; options RFC 1323."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.ip import IpHeader, checksum
from ipsec_lo_trace.wire.udp import pseudo_header

HEADER_LEN = 20
TH_SYN = 0x02
TH_RST = 0x04
TH_ACK = 0x10
LETTERS = ((0x02, "S"), (0x04, "R"), (0x01, "F"), (0x08, "P"), (0x20, "U"), (0x10, "A"))
"""The flags in the order in which they are shown."""
_HEADER = struct.Struct("!HHIIBBHHH")
_NUMBERS = struct.Struct("!II")
_CHECKSUM = struct.Struct("!H")


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


def packet(ip_template: bytes, template: bytes, *, seq: int, ack: int) -> bytes:
    """Fill both headers of a segment without data in."""
    segment = bytearray(template)
    _NUMBERS.pack_into(segment, 4, seq, ack)
    return ip.filled(ip_template, _summed(ip.ends(ip_template), ip_template[9], segment))


def turned(packet: bytes, *, seq: int, ack: int, flags: int, ttl: int) -> bytes:
    """Make a segment's headers, without their options, those of an answer to it that has no data.

    Source: netinet/tcp_subr.c, tcp_respond: ends and ports change places, and the rest is set or zeroed.
    """
    header = ip.read(packet)
    ports = packet[header.header_len : header.header_len + 4]
    segment = bytearray(ports[2:] + ports[:2] + bytes(HEADER_LEN - 4))
    _NUMBERS.pack_into(segment, 4, seq, ack)
    segment[12:14] = HEADER_LEN // 4 << 4, flags
    head = ip.with_options(packet[: header.header_len], b"")
    head = head[:1] + b"\0" + head[2:]
    sealed = _summed(header.dst.packed + header.src.packed, header.proto, segment)
    length = len(head) + len(sealed)
    return ip.patch(head + sealed, total_len=length, ident=0, off=0, ttl=ttl, src=header.dst, dst=header.src)


def _summed(ends: bytes, proto: int, segment: bytearray) -> bytes:
    """Write the checksum into a segment whose checksum is 0."""
    _CHECKSUM.pack_into(segment, 16, checksum(pseudo_header(ends, proto, len(segment)) + segment))
    return bytes(segment)


def checksum_ok(header: IpHeader, segment: bytes) -> bool:
    """Check the checksum."""
    pseudo = pseudo_header(header.src.packed + header.dst.packed, header.proto, len(segment))
    return checksum(pseudo + segment) == 0


def flags_text(flags: int) -> str:
    """Show the flags as letters: S, SA, RA, A; "-" for none."""
    return "".join(letter for bit, letter in LETTERS if flags & bit) or "-"


def describe(segment: bytes) -> str:
    """Say in words what the segment is; its first twenty bytes will do."""
    if len(segment) < HEADER_LEN:
        return "TCP cut short"
    sport, dport, _seq, _ack, _off, flags, *_rest = _HEADER.unpack_from(segment)
    return f"{sport} > {dport} {flags_text(flags)}"
