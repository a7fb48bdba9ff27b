"""Packets of any kind for tests, right or wrong, made by hand: no code is shared with the package's own.

Lengths and checksums are worked out as RFC 791, 768, 793 and 792 have them.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from ipsec_lo_trace.wire.ip import IpHeader
from ipsec_lo_trace.wire.tcp import TcpHeader


def fresh(proto: int, src: IPv4Address, dst: IPv4Address, *, ttl: int, off: int = 0) -> IpHeader:
    """Return a header without options; ``write`` works out the rest."""
    return IpHeader(20, 0, 0, 0, off, ttl, proto, 0, src, dst, b"")


def write(header: IpHeader, payload: bytes) -> bytes:
    """Serialise header and payload; options are padded to four bytes, a length beyond 65535 wraps."""
    options = header.options + bytes(-len(header.options) % 4)
    length = 20 + len(options) + len(payload)
    fields = header.tos, length & 0xFFFF, header.ident, header.off, header.ttl, header.proto, 0
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, *fields)
    head += header.src.packed + header.dst.packed + options
    return head[:10] + summed(head) + head[12:] + payload


def udp(header: IpHeader, sport: int, dport: int, data: bytes) -> bytes:
    """Return a datagram to travel under ``header``; a checksum of 0 is sent as 65535."""
    blank = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    total = summed(_pseudo(header, 8 + len(data)) + blank + data)
    return blank[:6] + (total if total != b"\0\0" else b"\xff\xff") + data


def tcp(header: IpHeader, th: TcpHeader) -> bytes:
    """Return a segment without data to travel under ``header``."""
    numbers = th.sport, th.dport, th.seq, th.ack, th.header_len // 4 << 4, th.flags, th.win, 0, 0
    segment = struct.pack("!HHIIBBHHH", *numbers) + th.options
    return segment[:16] + summed(_pseudo(header, len(segment)) + segment) + segment[18:]


def syn_options(mss: int) -> bytes:
    """Return a SYN's options: segment size, window scale 0, timestamp 0."""
    return struct.pack("!BBHBBBB", 2, 4, mss, 1, 3, 3, 0) + bytes((1, 1, 8, 10)) + bytes(8)


def icmp_error(kind: int, code: int, quoted: bytes) -> bytes:
    """Return an ICMP error about a packet."""
    blank = bytes((kind, code)) + bytes(6) + quoted
    return blank[:2] + summed(blank) + blank[4:]


def ipcomp(next_header: int, cpi: int, payload: bytes) -> bytes:
    """Return an IPComp header before ``payload``."""
    return struct.pack("!BBH", next_header, 0, cpi) + payload


def summed(data: bytes) -> bytes:
    """Return the Internet checksum, two bytes, word by word as RFC 1071 section 4.1 does it."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).to_bytes(2, "big")


def _pseudo(header: IpHeader, length: int) -> bytes:
    return header.src.packed + header.dst.packed + struct.pack("!BBH", 0, header.proto, length)
