"""Take AH, ESP and tunnel headers off a packet, verifying what can be verified.  RFC 2402; RFC 2406."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.audit.associations import AhAssociation, Associations, EspAssociation
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_ESP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    PROTO_NAMES,
)
from ipsec_lo_trace.wire import ip, ipcomp

SEALED = frozenset({IPPROTO_ESP, IPPROTO_AH, IPPROTO_IPCOMP})
SPI_LEN = 4
TRAILER_LEN = 2
MAX_HEADERS = 16
"""IPsec and tunnel headers that are taken off one packet; hostile bytes could nest thousands."""
LIKELY = frozenset(PROTO_NAMES)
"""Protocols that ESP is likely to hold; where nothing authenticates, another one is taken for nonsense."""


class Opened(msgspec.Struct, gc=False):
    """What is left of a packet: ``data`` is the innermost that can be read (header checksum not renewed).

    ``borne`` are the protocols taken off, outermost first; ``code`` says why there is no reading on, "" if
    all is read; ``detail`` is the SA; ``order`` is "replayed" or "out-of-order" if a number was.
    """

    data: bytes
    borne: tuple[str, ...] = ()
    tunnelled: bool = False
    code: str = ""
    detail: str = ""
    order: str = ""


class Opener:
    """Opens packets with the SAs of a configuration."""

    def __init__(self, associations: Associations) -> None:
        self._esp_sas = associations.esp
        self._ah_sas = associations.ah

    def open(self, packet: bytes, number: int) -> Opened:
        """Open packet ``number``, a whole IPv4 packet whose header was checked."""
        opened = Opened(packet)
        for _header in range(MAX_HEADERS):
            proto = ip.proto(opened.data)
            if proto == IPPROTO_ESP:
                self._open_esp(opened, number)
            elif proto == IPPROTO_AH:
                self._open_ah(opened, number)
            elif proto == IPPROTO_IPIP and opened.borne:
                _open_tunnel(opened)
            elif proto == IPPROTO_IPCOMP:
                _decompress(opened)
            else:
                return opened
            if opened.code:
                return opened
        opened.code = "malformed"
        return opened

    def _open_esp(self, opened: Opened, number: int) -> None:
        packet = opened.data
        at = ip.header_len(packet)
        sealed = packet[at:]
        sa = self._esp_sas.get(ip.dst(packet) + sealed[:SPI_LEN])
        if sa is None:
            _unknown(opened, "esp", sealed[:SPI_LEN])
            return
        transform = sa.transform
        rest = len(sealed) - sa.shortest
        opened.detail = sa.name
        if rest < 0 or rest % transform.block_len:
            opened.code = sa.fail("malformed")
        elif not transform.icv_ok(sealed):
            opened.code = sa.fail("wrong-icv")
        else:
            plain = transform.decrypt(sealed)
            end = len(plain) - TRAILER_LEN - plain[-2]
            if end < 0 or not (sa.authenticated or _makes_sense(sa, plain, end)):
                opened.code = sa.fail("not-opened")
                return
            opened.order = sa.take(sealed[4:8], number) or opened.order
            opened.borne += ("esp",)
            opened.data = ip.unwrapped(packet, plain[-1], plain[:end])

    def _open_ah(self, opened: Opened, number: int) -> None:
        packet = opened.data
        at = ip.header_len(packet)
        spi = packet[at + 4 : at + 8]
        sa = self._ah_sas.get(ip.dst(packet) + spi)
        if sa is None:
            _unknown(opened, "ah", spi)
            return
        opened.detail = sa.name
        opened.code = _ah_fault(sa, packet, at)
        if opened.code:
            sa.fail(opened.code)
            return
        opened.order = sa.take(packet[at + 8 : at + 12], number) or opened.order
        opened.borne += ("ah",)
        opened.data = ip.unwrapped(packet, packet[at], packet[at + sa.transform.header_len :])


def _unknown(opened: Opened, proto: str, spi: bytes) -> None:
    if len(spi) < SPI_LEN:
        opened.code = "malformed"
        return
    opened.code = "unknown-spi"
    opened.detail = f"{proto} 0x{spi.hex()} to {ip.dst_text(opened.data)}"


def _ah_fault(sa: AhAssociation, packet: bytes, at: int) -> str:
    end = at + sa.transform.header_len
    if len(packet) < end or at + (packet[at + 1] + 2) * 4 != end:
        return "malformed"
    return "" if sa.transform.icv_ok(packet) else "wrong-icv"


def _makes_sense(sa: EspAssociation, plain: bytes, end: int) -> bool:
    """Tell whether a plain text that nothing authenticates can be right: its padding counts up from 1."""
    padding = plain[end:-TRAILER_LEN]
    counted = sa.padding != "seq" or padding == bytes(range(1, len(padding) + 1))
    return counted and (plain[-1] in LIKELY or len(padding) > TRAILER_LEN)


def _decompress(opened: Opened) -> None:
    packet = opened.data
    at = ip.header_len(packet)
    behind = at + ipcomp.HEADER_LEN
    if len(packet) < behind:
        opened.code = "malformed"
        return
    plain = ipcomp.inflate(packet[behind:], ip.MAX_LEN)
    if plain is None:
        opened.code, opened.detail = "not-opened", f"ipcomp to {ip.dst_text(packet)}"
        return
    opened.borne += ("ipcomp",)
    opened.data = ip.unwrapped(packet, packet[at], plain)


def _open_tunnel(opened: Opened) -> None:
    inner = opened.data[ip.header_len(opened.data) :]
    if ip.fault(inner):
        opened.code = "malformed"
        return
    opened.data = inner[: ip.total_len(inner)]
    opened.tunnelled = True
    if ip.is_fragment(opened.data) and ip.proto(opened.data) in SEALED:
        opened.code = "fragments-missing"
