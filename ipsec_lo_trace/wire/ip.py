"""IPv4 packets as bytes.  RFC 791; checksum RFC 1071."""

from __future__ import annotations

import struct
from functools import lru_cache
from ipaddress import IPv4Address
from typing import NamedTuple

IPVERSION = 4
HEADER_LEN = 20
"""Bytes of a header without options."""
MAX_LEN = 65535
"""The longest packet in bytes.  RFC 791."""
IP_DF = 0x4000
IP_MF = 0x2000
IP_OFFMASK = 0x1FFF
IPOPT_EOL = 0
IPOPT_NOP = 1
IPOPT_COPIED = 0x80
"""The bit of an option's type that puts it into every fragment.  RFC 791 section 3.1."""
_FIXED = struct.Struct("!BBHHHBBH4s4s")
_OUTLINE = struct.Struct("!HHBB")
_LEN_IDENT = struct.Struct("!HH")
_SHORT = struct.Struct("!H")


class WireError(ValueError):
    """Bytes that are no such packet."""


class IpHeader(NamedTuple):
    """An IPv4 header in host order; lengths in bytes, ``off`` is ip_off: flags and 8-byte units."""

    header_len: int
    tos: int
    total_len: int
    ident: int
    off: int
    ttl: int
    proto: int
    checksum: int
    src: IPv4Address
    dst: IPv4Address
    options: bytes


@lru_cache(maxsize=4096)
def address(raw: bytes) -> IPv4Address:
    """Make the address of four bytes."""
    return IPv4Address(raw)


@lru_cache(maxsize=32)
def read(packet: bytes) -> IpHeader:
    """Read the header; WireError if the packet ends inside it.  Version and checksum are not looked at."""
    if len(packet) < HEADER_LEN:
        msg = f"{len(packet)} bytes are no IPv4 header"
        raise WireError(msg)
    vhl, tos, total_len, ident, off, ttl, proto, sum_, src, dst = _FIXED.unpack_from(packet)
    header_len = (vhl & 0xF) * 4
    if not HEADER_LEN <= header_len <= len(packet):
        msg = f"IPv4 header length {header_len} in a packet of {len(packet)} bytes"
        raise WireError(msg)
    options = packet[HEADER_LEN:header_len]
    return IpHeader(
        header_len, tos, total_len, ident, off, ttl, proto, sum_, address(src), address(dst), options
    )


def outline(packet: bytes) -> tuple[int, int, int, int, int]:
    """Read header length (bytes), ident, ip_off, TTL and protocol, at a third of the cost of read().

    WireError if the packet ends inside its header.
    """
    header_len = (packet[0] & 0xF) * 4 if packet else 0
    if not HEADER_LEN <= header_len <= len(packet):
        read(packet)
    ident, off, ttl, proto = _OUTLINE.unpack_from(packet, 4)
    return header_len, ident, off, ttl, proto


def version(packet: bytes) -> int:
    """Read the IP version of a packet that is not empty."""
    return packet[0] >> 4


def header_len(packet: bytes) -> int:
    """Read the header's length in bytes, whatever it says; the packet is not empty."""
    return (packet[0] & 0xF) * 4


def total_len(packet: bytes) -> int:
    """Read the packet's length in bytes, as its header has it."""
    return int.from_bytes(packet[2:4], "big")


def off(packet: bytes) -> int:
    """Read ip_off: flags and offset in units of eight bytes."""
    return packet[6] << 8 | packet[7]


def proto(packet: bytes) -> int:
    """Read the protocol's number."""
    return packet[9]


def fault(packet: bytes) -> bool:
    """Tell whether the lengths in an IPv4 header are wrong, or more than the packet has."""
    if len(packet) < HEADER_LEN or version(packet) != IPVERSION:
        return True
    return not HEADER_LEN <= header_len(packet) <= total_len(packet) <= len(packet)


def fragment_key(packet: bytes) -> bytes:
    """Return what all fragments of a packet have in common."""
    return packet[12:20] + packet[9:10] + packet[4:6]


def ends(packet: bytes) -> bytes:
    """Give source and destination as they stand in the header, eight bytes: cheap to cache by."""
    return packet[12:20]


def src(packet: bytes) -> bytes:
    """Return the source as it stands in the header, four bytes."""
    return packet[12:16]


def dst(packet: bytes) -> bytes:
    """Give the destination as it stands in the header, four bytes."""
    return packet[16:20]


@lru_cache(maxsize=4096)
def _dotted(raw: bytes) -> str:
    return ".".join(str(byte) for byte in raw)


@lru_cache(maxsize=4096)
def _both_dotted(raw: bytes) -> tuple[str, str]:
    return _dotted(raw[:4]), _dotted(raw[4:])


def ends_text(packet: bytes) -> tuple[str, str]:
    """Show source and destination address in dotted form."""
    return _both_dotted(packet[12:20])


def dst_text(packet: bytes) -> str:
    """Show the destination address in dotted form."""
    return _dotted(packet[16:20])


def filled(template: bytes, payload: bytes, *, ident: int = 0, tos: int | None = None) -> bytes:
    """Fill a header without options in, whose checksum is 0, and put the payload behind it.

    A length beyond 65535 wraps, as it does in a field of 16 bits.
    """
    head = bytearray(template)
    if tos is not None:
        head[1] = tos
    _LEN_IDENT.pack_into(head, 2, (HEADER_LEN + len(payload)) & 0xFFFF, ident)
    _SHORT.pack_into(head, 10, checksum(head))
    return bytes(head) + payload


def patch(  # noqa: PLR0913 -- the fields of a header
    packet: bytes,
    *,
    total_len: int | None = None,
    ident: int | None = None,
    off: int | None = None,
    ttl: int | None = None,
    proto: int | None = None,
    src: IPv4Address | None = None,
    dst: IPv4Address | None = None,
) -> bytes:
    """Rewrite header fields in place and renew the header checksum; the payload stays."""
    changed = bytearray(packet)
    if total_len is not None:
        _SHORT.pack_into(changed, 2, total_len)
    if ident is not None:
        _SHORT.pack_into(changed, 4, ident)
    if off is not None:
        _SHORT.pack_into(changed, 6, off)
    if ttl is not None:
        changed[8] = ttl
    if proto is not None:
        changed[9] = proto
    if src is not None:
        changed[12:16] = src.packed
    if dst is not None:
        changed[16:20] = dst.packed
    changed[10] = changed[11] = 0
    # As checksum() has it, for a header: its words are even in number, and not all zero.
    rest = int.from_bytes(changed[: (packet[0] & 0xF) * 4], "big") % 0xFFFF
    _SHORT.pack_into(changed, 10, 0xFFFF - (rest or 0xFFFF))
    return bytes(changed)


def with_options(packet: bytes, options: bytes) -> bytes:
    """Put ``options``, a multiple of four bytes, in the place of those in the header, and renew its lengths.

    The checksum is left to patch().  Source: netinet/ip_output.c, ip_insertoptions; netinet/ip_icmp.c and
    ip_input.c, ip_stripoptions.
    """
    header_len = HEADER_LEN + len(options)
    payload = packet[(packet[0] & 0xF) * 4 :]
    total_len = (header_len + len(payload)).to_bytes(2, "big")
    vhl = bytes((0x40 | header_len // 4,))
    return vhl + packet[1:2] + total_len + packet[4:HEADER_LEN] + options + payload


def checksum(data: bytes | bytearray) -> int:
    """Give the Internet checksum of ``data`` (0 if data includes its own right checksum)."""
    # The value of the whole number modulo 0xffff is the ones' complement sum of its 16-bit words.
    padded = bytes(data) + b"\0" if len(data) & 1 else data
    total = int.from_bytes(padded, "big")
    rest = total % 0xFFFF
    return 0xFFFF - (rest or (0xFFFF if total else 0))


def header_checksum_ok(packet: bytes) -> bool:
    """Tell whether the header checksum is right."""
    return checksum(packet[: (packet[0] & 0xF) * 4]) == 0


def ports(packet: bytes, header_len: int) -> tuple[int, int]:
    """Read source and destination port of a UDP or TCP packet; zeros if it ends before them."""
    raw = packet[header_len : header_len + 4].ljust(4, b"\0")
    return int.from_bytes(raw[:2], "big"), int.from_bytes(raw[2:], "big")


def fragment(packet: bytes, mtu: int) -> list[bytes]:
    """Cut a packet into fragments of at most ``mtu`` bytes; ValueError if they cannot hold eight bytes each.

    Source: netinet/ip_output.c, ip_fragment: all have the room that is left beside the first one's options.
    """
    header = read(packet)
    payload = packet[header.header_len :]
    room = (mtu - header.header_len) // 8 * 8
    if room <= 0:
        raise ValueError(f"an MTU of {mtu} has no room behind {header.header_len} bytes of header")
    first = packet[: header.header_len]
    kept = copied(header.options)
    later = with_options(first, kept + bytes(-len(kept) % 4))
    pieces = []
    for start in range(0, len(payload) or 1, room):
        more = IP_MF if start + room < len(payload) else 0
        piece = (later if start else first) + payload[start : start + room]
        pieces.append(patch(piece, off=header.off + start // 8 | more, total_len=len(piece)))
    return pieces


def copied(options: bytes) -> bytes:
    """Keep the options that go into later fragments too, and every NOP.

    Source: netinet/ip_output.c, ip_optcopy.
    """
    kept, at = b"", 0
    while at < len(options) and options[at] != IPOPT_EOL:
        kind = options[at]
        length = 1 if kind == IPOPT_NOP else max([2, *options[at + 1 : at + 2]])
        if kind == IPOPT_NOP or kind & IPOPT_COPIED:
            kept += options[at : at + length]
        at += length
    return kept


def reassemble(parts: dict[int, bytes]) -> bytes | None:
    """Put fragments (by offset in bytes) together under the first one's header; None while one is missing.

    WireError if they make more than 65,535 bytes.
    """
    payload = b""
    for offset in sorted(parts):
        header = read(parts[offset])
        if offset != len(payload):
            return None
        payload += parts[offset][header.header_len :]
        if not header.off & IP_MF:
            first = parts[0][: read(parts[0]).header_len]
            if len(first) + len(payload) > MAX_LEN:
                msg = f"its fragments make {len(first) + len(payload)} bytes, more than a packet has"
                raise WireError(msg)
            return patch(first + payload, off=0, total_len=len(first) + len(payload))
    return None
