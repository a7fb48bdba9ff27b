"""UDP datagrams as bytes.  RFC 768."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ipsec_lo_trace.wire.ip import IpHeader, checksum

HEADER_LEN = 8
_HEADER = struct.Struct("!HHHH")


class UdpHeader(NamedTuple):
    """A UDP header; ``ulen`` is the datagram's length in bytes, header included."""

    sport: int
    dport: int
    ulen: int
    checksum: int


def read(datagram: bytes) -> UdpHeader:
    """Read the header, which must be there in full."""
    return UdpHeader(*_HEADER.unpack_from(datagram))


def pseudo_header(header: IpHeader, length: int) -> bytes:
    """Give what the checksum of UDP and TCP covers of the IP header; ``length`` in bytes is the payload's."""
    return header.src.packed + header.dst.packed + bytes((0, header.proto)) + length.to_bytes(2, "big")


def write(header: IpHeader, sport: int, dport: int, data: bytes) -> bytes:
    """Make a datagram to travel under an IP header; a checksum that comes out as 0 is sent as 65535."""
    ulen = HEADER_LEN + len(data)
    blank = _HEADER.pack(sport, dport, ulen, 0)
    total = checksum(pseudo_header(header, ulen) + blank + data) or 0xFFFF
    return blank[:6] + total.to_bytes(2, "big") + data


def checksum_ok(header: IpHeader, datagram: bytes) -> bool:
    """Tell whether the checksum is right; 0 says that the sender made none."""
    if not read(datagram).checksum:
        return True
    return checksum(pseudo_header(header, len(datagram)) + datagram) == 0


def describe(datagram: bytes) -> str:
    """Say in words what the datagram is; its first eight bytes will do."""
    if len(datagram) < HEADER_LEN:
        return "UDP cut short"
    header = read(datagram)
    return f"{header.sport} > {header.dport}, {header.ulen - HEADER_LEN} bytes"
