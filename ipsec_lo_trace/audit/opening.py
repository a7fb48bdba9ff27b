"""Take AH, ESP, UDP around ESP, IPComp and tunnel headers off a packet, verifying what can be verified.

RFC 4302, 4303, 3948, 3173; section numbers stand where they are used.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.audit.associations import Association, Associations
from ipsec_lo_trace.audit.exempt import MARKER, NAT_T_PORTS
from ipsec_lo_trace.model.host import Address
from ipsec_lo_trace.model.proto import (
    IPPROTO_AH,
    IPPROTO_BEETPH,
    IPPROTO_ESP,
    IPPROTO_IPCOMP,
    IPPROTO_IPIP,
    IPPROTO_IPV6,
    IPPROTO_UDP,
)
from ipsec_lo_trace.wire import ip, ipcomp, network, udp
from ipsec_lo_trace.wire.network import CHAINED, Layer

SEALED = frozenset({IPPROTO_ESP, IPPROTO_AH, IPPROTO_IPCOMP})
TUNNELS = frozenset({IPPROTO_IPIP, IPPROTO_IPV6})
OPENABLE = SEALED | TUNNELS | CHAINED
SPI_LEN = 4
ESP = ("esp",)
AH_SPI = slice(4, 8)
SPI_AT = {IPPROTO_ESP: 0, IPPROTO_AH: 4}
"""Where the SPI stands in a header, in bytes."""
HEADERS = range(16)
"""IPsec and tunnel headers that are taken off one packet; hostile bytes could nest thousands."""


class Opened(msgspec.Struct, gc=False):
    """What is left of a packet: ``payload``, of protocol ``proto``, behind the innermost IP header.

    ``outer`` is the packet with that header, and ``layer`` the header; what was taken off stands between it
    and the payload.  ``borne`` are the protocols taken off, outermost first; ``code`` says why there is no
    reading on, "" if all is read; ``detail`` is the SA; ``order`` is "replayed" or "out-of-order" if a number
    was.  ``outer_class`` is the traffic class of the tunnel's header.
    """

    outer: bytes
    layer: Layer
    proto: int
    payload: bytes
    borne: tuple[str, ...] = ()
    tunnelled: bool = False
    code: str = ""
    detail: str = ""
    order: str = ""
    outer_class: int = 0

    @property
    def inside(self) -> bytes:
        """The innermost packet, as if nothing had been taken off it (its header's checksum not renewed)."""
        if self.proto == self.layer.proto and len(self.outer) == self.layer.at + len(self.payload):
            return self.outer
        return network.rebuilt(self.outer, self.layer, self.proto, self.payload)


def unopened(packet: bytes, layer: Layer, code: str = "", detail: str = "") -> Opened:
    """Make what a packet is with nothing taken off."""
    return Opened(packet, layer, layer.proto, packet[layer.at :], code=code, detail=detail)


def in_udp(packet: bytes, layer: Layer, ports: frozenset[int] = NAT_T_PORTS) -> bool:
    """Tell whether a packet is ESP in UDP on one of some ports, whole or a first fragment.

    RFC 3948 section 2.1.
    """
    at = layer.at
    if layer.proto != IPPROTO_UDP or layer.offset or len(packet) < at + udp.HEADER_LEN + SPI_LEN:
        return False
    if ports.isdisjoint(ip.ports(packet, at)):
        return False
    return packet[at + udp.HEADER_LEN : at + udp.HEADER_LEN + SPI_LEN] != MARKER


class Opener:
    """Opens packets with the SAs of a configuration."""

    def __init__(self, associations: Associations) -> None:
        self._esp_sas = associations.esp
        self._ah_sas = associations.ah
        self._opaque_sas = associations.opaque
        self.ports = associations.ports

    def open(self, packet: bytes, layer: Layer, number: int) -> Opened:
        """Open packet ``number``, a whole IP packet whose lengths were checked; UDP in it holds ESP."""
        opened = Opened(packet, layer, layer.proto, packet[layer.at :])
        if layer.proto == IPPROTO_UDP:
            opened.proto, opened.payload = IPPROTO_ESP, opened.payload[udp.HEADER_LEN :]
        for _header in HEADERS:
            proto = opened.proto
            if proto not in OPENABLE:
                return opened
            if proto == IPPROTO_ESP:
                self._open_esp(opened, number)
            elif proto in SEALED or (proto in TUNNELS and opened.borne):
                self._open_other(opened, number)
            elif proto in CHAINED and opened.borne and network.version(opened.outer) != ip.IPVERSION:
                _pass_extensions(opened)
            else:
                return opened
            if opened.code:
                return opened
        opened.code = "malformed"
        return opened

    def _open_esp(self, opened: Opened, number: int) -> None:
        sealed = opened.payload
        sa = self._esp_sas.get(opened.layer.dst + sealed[:SPI_LEN])
        if sa is None:
            self._without_sa(opened, IPPROTO_ESP, "esp", sealed[:SPI_LEN])
            return
        plain, seq, code = sa.unseal(sealed)
        while code and sa.other is not None:
            sa = sa.other
            plain, seq, code = sa.unseal(sealed)
        opened.detail = sa.name
        if code:
            opened.code = sa.fail(code)
            return
        order = sa.take(seq, number)
        if order:
            opened.order = order
        opened.borne += ESP
        opened.proto, opened.payload = plain[-1], plain[: len(plain) - 2 - plain[-2]]
        if sa.inner is not None:
            _out_of_beet(opened, sa, sa.inner)

    def _open_other(self, opened: Opened, number: int) -> None:
        if opened.proto == IPPROTO_AH:
            self._open_ah(opened, number)
        elif opened.proto == IPPROTO_IPCOMP:
            _decompress(opened)
        else:
            _open_tunnel(opened)

    def _open_ah(self, opened: Opened, number: int) -> None:
        layer = opened.layer
        spi = opened.payload[AH_SPI]
        sa = self._ah_sas.get(layer.dst + spi)
        if sa is None:
            self._without_sa(opened, IPPROTO_AH, "ah", spi)
            return
        packet = opened.inside if opened.borne else opened.outer
        layer = msgspec.structs.replace(layer, at=layer.head_len)
        plain, seq, code = sa.verify(packet, layer)
        while code and sa.other is not None:
            sa = sa.other
            plain, seq, code = sa.verify(packet, layer)
        opened.detail = sa.name
        if code:
            opened.code = sa.fail(code)
            return
        opened.order = sa.take(seq, number) or opened.order
        opened.borne += ("ah",)
        opened.proto, opened.payload = opened.payload[0], plain

    def _without_sa(self, opened: Opened, proto: int, name: str, spi: bytes) -> None:
        """Say why a packet without a readable SA stays closed."""
        if len(spi) < SPI_LEN:
            opened.code = "malformed"
            return
        opaque = self._opaque_sas.get((proto, opened.layer.dst + spi))
        if opaque is None:
            opened.code = "unknown-spi"
            opened.detail = f"{name} 0x{spi.hex()} to {network.address_text(opened.layer.dst)}"
            return
        opened.code = opaque.fail("opaque-sa")
        opened.detail = f"{opaque.name} ({opaque.opaque})"


def _out_of_beet(opened: Opened, sa: Association, ends: tuple[Address, Address]) -> None:
    """Put the inner ends of a BEET SA where the outer ones were.

    Source: draft-nikander-esp-beet-mode-09 section 5; Linux, net/xfrm/xfrm_input.c.
    """
    src, dst = ends
    if isinstance(src, IPv4Address) != (network.version(opened.outer) == ip.IPVERSION):
        opened.code, opened.detail = "not-opened", f"{sa.name}: BEET between address families is not read"
        return
    if opened.proto == IPPROTO_BEETPH:
        opened.code, opened.detail = "not-opened", f"{sa.name}: BEET with IP options is not read"
        return
    inside = opened.inside
    if isinstance(src, IPv4Address) and isinstance(dst, IPv4Address):
        inside = ip.patch(inside, src=src, dst=dst)
    else:
        inside = inside[:8] + src.packed + dst.packed + inside[network.V6_HEADER_LEN :]
    opened.tunnelled = _go_on_with(opened, inside)


def _decompress(opened: Opened) -> None:
    packed = opened.payload
    if len(packed) < ipcomp.HEADER_LEN:
        opened.code = "malformed"
        return
    plain = ipcomp.inflate(packed[ipcomp.HEADER_LEN :], ip.MAX_LEN)
    if plain is None:
        opened.code, opened.detail = "not-opened", f"ipcomp to {network.address_text(opened.layer.dst)}"
        return
    opened.borne += ("ipcomp",)
    opened.proto, opened.payload = packed[0], plain


def _open_tunnel(opened: Opened) -> None:
    inner = opened.payload
    if network.fault(inner) or network.INSIDE[network.version(inner)] != opened.proto:
        opened.code = "malformed"
        return
    packet = inner[: network.total_len(inner)]
    outer_class = network.class_of(opened.outer)
    if not _go_on_with(opened, packet):
        return
    opened.tunnelled, opened.outer_class = True, outer_class
    if opened.layer.key and opened.proto in SEALED:
        opened.code = "fragments-missing"


def _pass_extensions(opened: Opened) -> None:
    """Pass over extension headers of IPv6 that were sealed."""
    before = opened.proto
    if _go_on_with(opened, opened.inside) and opened.proto == before:
        opened.code = "malformed"


def _go_on_with(opened: Opened, packet: bytes) -> bool:
    """Take another packet in the place of the one before; False if its headers are not whole."""
    try:
        layer = network.look(packet)
    except ip.WireError:
        opened.code = "malformed"
        return False
    opened.outer, opened.layer, opened.proto, opened.payload = packet, layer, layer.proto, packet[layer.at :]
    return True
