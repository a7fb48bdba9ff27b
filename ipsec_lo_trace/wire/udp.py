"""UDP datagrams as bytes.  RFC 768."""

from __future__ import annotations

import struct
from typing import NamedTuple

from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.ip import IpHeader, checksum

HEADER_LEN = 8
_HEADER = struct.Struct("!HHHH")
_SHORT = struct.Struct("!H")


class UdpHeader(NamedTuple):
    """A UDP header; ``ulen`` is the datagram's length in bytes, header included."""

    sport: int
    dport: int
    ulen: int
    checksum: int


def read(datagram: bytes) -> UdpHeader:
    """Read the header, which must be there in full."""
    return UdpHeader(*_HEADER.unpack_from(datagram))


def pseudo_header(ends: bytes, proto: int, length: int) -> bytes:
    """Return what the checksum of UDP and TCP covers of an IP header.

    ``ends`` are source and destination, eight bytes; ``length`` in bytes is the payload's.
    """
    return ends + bytes((0, proto)) + length.to_bytes(2, "big")


def packet(ip_template: bytes, template: bytes, data: bytes) -> bytes:
    """Fill both headers in for ``data``; a checksum that comes out as 0 is sent as 65535."""
    datagram = bytearray(template + data)
    _SHORT.pack_into(datagram, 4, len(datagram))
    pseudo = pseudo_header(ip.ends(ip_template), ip_template[9], len(datagram))
    _SHORT.pack_into(datagram, 6, checksum(pseudo + datagram) or 0xFFFF)
    return ip.filled(ip_template, bytes(datagram))


def checksum_ok(header: IpHeader, datagram: bytes) -> bool:
    """Check the checksum; 0 says that the sender made none."""
    if not read(datagram).checksum:
        return True
    pseudo = pseudo_header(header.src.packed + header.dst.packed, header.proto, len(datagram))
    return checksum(pseudo + datagram) == 0


def describe(datagram: bytes) -> str:
    """Say in words what the datagram is; its first eight bytes will do."""
    if len(datagram) < HEADER_LEN:
        return "UDP cut short"
    header = read(datagram)
    length = header.ulen - HEADER_LEN
    return f"{header.sport} > {header.dport}, {length} byte{'' if length == 1 else 's'}"
