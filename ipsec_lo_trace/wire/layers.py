"""Packets by layers and fields, as scapy dissects them; ESP is opened where its key is known.

What is said of a field is said here, not by scapy, whose names of protocols and ports are the host's.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from ipaddress import IPv4Address

from ipsec_lo_trace.model.proto import IPPROTO_ESP, PROTO_NAMES
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire import ip
from ipsec_lo_trace.wire.build import UPPER
from ipsec_lo_trace.wire.esp import TRAILER_LEN, EspTransform

# scapy's layers after wire.build, which keeps them from asking the host for its routes.
from scapy.error import Scapy_Exception  # isort: skip
from scapy.layers.inet import IP, IPOption_EOL, IPOption_Timestamp  # isort: skip
from scapy.layers.ipsec import ESP, _ESPPlain  # isort: skip
from scapy.packet import Packet, Raw  # isort: skip

Layer = tuple[str, list[tuple[str, str]]]
"""A layer's name, and its fields' names with what they hold."""

SHOWN_LEN = 16
"""The bytes of a field that are shown; of a longer one its length is told."""
HEX = {"spi": "0x{:08x}", "cpi": "0x{:04x}", "chksum": "0x{:04x}"}
PROTOCOLS = ("proto", "nh")
TRAILER = ("padding", "padlen", "nh", "icv")
UNREADABLE = (struct.error, ValueError, IndexError, TypeError, Scapy_Exception, RecursionError)
"""What scapy raises for bytes that are no such packet, some nested too deeply."""


def dissected(data: bytes, keys: Iterable[SecurityAssociation] = ()) -> Packet:
    """Dissect an IPv4 packet; of an ESP layer that ``keys`` open, ``data`` is the packet inside.

    What is no IPv4 packet is a Raw layer.
    """
    try:
        ip.outline(data)
        packet = IP(data)
        _open(packet, tuple(keys))
    except UNREADABLE:
        return Raw(data)
    return packet


def layers(data: bytes, keys: Iterable[SecurityAssociation] = ()) -> list[Layer]:
    """List a packet's layers from the outside in; of an ESP that is open its trailer comes last."""
    return list(_listed(dissected(data, keys)))


def _open(packet: Packet, keys: Sequence[SecurityAssociation]) -> None:
    """Put what is inside each ESP layer that can be opened in its place."""
    around = node = packet
    while node:
        around = node if isinstance(node, IP) else around
        if isinstance(node, ESP):
            inside = _inside(node, IPv4Address(around.dst), keys)
            under = node.underlayer
            if under is not None and inside is not None and not around.flags.MF:
                under.remove_payload()
                under.add_payload(inside)
            return
        node = node.payload


def _inside(sealed: Packet, dst: IPv4Address, keys: Sequence[SecurityAssociation]) -> Packet | None:
    """Decrypt an ESP packet; None if no key is known for it, its ICV is wrong, or it ends in no trailer."""
    # Between esp_output and ipsec_process_done the IP header's length is that of the packet before.
    data = sealed.spi.to_bytes(4, "big") + sealed.seq.to_bytes(4, "big") + sealed.data + bytes(sealed.payload)
    for sav in keys:
        if (sav.index.proto, sav.spi, sav.index.dst) != (IPPROTO_ESP, sealed.spi, dst):
            continue
        xform = EspTransform(sav.cipher, sav.enc_key, sav.auth, sav.auth_key, old=sav.old)
        plain = _plain(xform, data)
        if not plain:
            continue
        pad_len, next_header = plain[-TRAILER_LEN:]
        end = len(plain) - TRAILER_LEN - pad_len
        inner = UPPER.get(next_header, Raw)(plain[:end])
        _open(inner, keys)
        return _ESPPlain(
            spi=sealed.spi,
            seq=sealed.seq,
            iv=data[xform.header_len - xform.iv_len : xform.header_len],
            data=inner,
            padding=plain[end : end + pad_len],
            padlen=pad_len,
            nh=next_header,
            icv=data[len(data) - xform.icv_len :] if xform.icv_len else b"",
        )
    return None


def _plain(xform: EspTransform, data: bytes) -> bytes:
    """Decrypt; b"" if that cannot be, or what comes out ends in no trailer."""
    blocks_len = len(data) - xform.header_len - xform.icv_len
    if blocks_len < TRAILER_LEN or blocks_len % xform.block_len or not xform.icv_ok(data):
        return b""
    plain = xform.decrypt(data)
    return plain if plain[-2] + TRAILER_LEN <= len(plain) else b""


def _listed(packet: Packet) -> Iterator[Layer]:
    node = packet
    while node:
        if isinstance(node, _ESPPlain):
            yield "ESP", _fields(node, *TRAILER, "data")
            yield from _listed(node.data)
            yield "ESP trailer", [_field(name, node.fields[name]) for name in TRAILER]
        else:
            options = [one for one in node.fields.get("options") or () if isinstance(one, Packet)]
            yield str(node.name), _fields(node, "options" if options else "")
            yield from _options(options)
        node = node.payload


def _options(options: list[Packet]) -> Iterator[Layer]:
    """List IP options, without what fills them up to whole words."""
    for at, option in enumerate(options):
        if isinstance(option, IPOption_EOL):
            return
        if isinstance(option, IPOption_Timestamp):
            # scapy takes the first slot of a timestamp for all of it, and the others for options.
            raw = b"".join(map(bytes, options[at:]))
            yield (
                option.name,
                [*_fields(option, "internet_address", "timestamp"), _field("slots", raw[4 : raw[1]])],
            )
            return
        yield str(option.name), _fields(option)


def _fields(node: Packet, *but: str) -> list[tuple[str, str]]:
    """List the fields that hold something, but those that are named."""
    empty = (bytes, list)
    held = ((name, one) for name, one in node.fields.items() if name not in but and one is not None)
    return [_field(name, one) for name, one in held if one or not isinstance(one, empty)]


def _field(name: str, held: object) -> tuple[str, str]:
    if isinstance(held, bytes):
        tail = f".. ({len(held)} bytes)" if len(held) > SHOWN_LEN else ""
        return name, held[:SHOWN_LEN].hex() + tail
    if isinstance(held, list):
        return name, ",".join(_one(one) for one in held)
    if name in PROTOCOLS and isinstance(held, int):
        return name, PROTO_NAMES.get(held) or str(held)
    return name, HEX[name].format(held) if name in HEX else str(held) or "-"


def _one(held: object) -> str:
    """Show an element of a list: an address, or a TCP option with what it says."""
    if not isinstance(held, tuple):
        return str(held)
    name, said = held
    if isinstance(said, tuple):
        return "/".join((name, *map(str, said)))
    return name if said in (None, b"") else f"{name}/{said}"
