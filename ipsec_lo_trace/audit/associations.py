"""The SAs of a configuration, ready to open packets, with what came by of each and its sequence numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import msgspec

from ipsec_lo_trace.audit.exempt import NAT_T_PORTS
from ipsec_lo_trace.audit.numbers import Numbers, high_halves
from ipsec_lo_trace.audit.sense import NEXT_HEADER_LEN, ends_in_icv, makes_sense
from ipsec_lo_trace.model.algorithms import Cipher, cipher_row
from ipsec_lo_trace.model.host import Cut, HostSa
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, PROTO_NAMES
from ipsec_lo_trace.wire.network import Layer
from ipsec_lo_trace.wire.unseal import Open, opening
from ipsec_lo_trace.wire.verify import AhVerifier, header_len

AH_SEQ = slice(8, 12)
ESP_SEQ = slice(4, 8)
NO_HIGH = (b"",)


class Association:
    """What came by of one SA: its sequence numbers, how many packets opened (``good``), how many did not.

    ``bad`` counts the latter by code; ``first`` is the number of the first packet that opened.  ``found`` is
    the cut that fits, once one of several did; ``opaque`` says why nothing can be opened, "" if it can.
    """

    __slots__ = (
        "bad",
        "extended",
        "first",
        "found",
        "good",
        "inner",
        "name",
        "numbers",
        "opaque",
        "padding",
        "see",
    )

    def __init__(self, sa: HostSa) -> None:
        self.name = f"{PROTO_NAMES[sa.proto]} 0x{sa.spi:08x} to {sa.dst}"
        self.padding = sa.padding
        self.extended = sa.seq_hi
        self.inner = sa.inner
        self.opaque = sa.opaque
        self.numbers = Numbers()
        self.see: Callable[[int], str] = _unnumbered if sa.old else self.numbers.see
        self.good = 0
        self.bad: dict[str, int] = {}
        self.first = 0
        self.found: Cut | None = None

    def fail(self, code: str) -> str:
        """Note that a packet does not verify or open; give the code back."""
        self.bad[code] = self.bad.get(code, 0) + 1
        return code

    def take(self, seq: int, number: int) -> str:
        """Note that packet ``number`` opens; "replayed" or "out-of-order" if its sequence number is."""
        self.good += 1
        if self.good == 1:
            self.first = number
        return self.see(seq)

    def highs(self, low: bytes) -> tuple[bytes, ...]:
        """Return the high halves that a sequence number may have, b"" of one that has none."""
        if self.extended is None:
            return NO_HIGH
        return high_halves(int.from_bytes(low, "big"), self.numbers.highest, self.extended)


Unsealed: TypeAlias = tuple[bytes, int, str]
"""What a packet held, its whole sequence number, and the code that says why these are not known."""
NO_WHOLE: Unsealed = (b"", 0, "malformed")
WRONG_ICV: Unsealed = (b"", 0, "wrong-icv")
NONSENSE: Unsealed = (b"", 0, "not-opened")


class Way(NamedTuple):
    """One way to open an ESP SA's packets; ``shortest`` is the length of its shortest packet, in bytes."""

    cut: Cut | None
    shortest: int
    open: Open


class EspAssociation(Association):
    """An ESP SA: ``ways`` are those to open it that may still be right.

    It is ``plain`` if there is one way, which authenticates, without extended sequence numbers.  ``other`` is
    an older SA with the same destination and SPI, which a mark tells apart from this one.
    """

    __slots__ = ("authenticated", "block_len", "doubtful", "other", "plain", "ways")

    def __init__(self, sa: HostSa) -> None:
        """Make what opens it, once for all packets; ValueError if its cipher cannot use the key."""
        super().__init__(sa)
        self.other: EspAssociation | None = None
        row = _acting(cipher_row(sa.cipher))
        fixed_len = 4 if sa.old else 8
        cuts: tuple[Cut | None, ...] = sa.cuts or (None,)
        head_len = fixed_len + row.iv_len
        self.block_len = row.block_len
        self.authenticated = bool(sa.cuts)
        self.doubtful = len(cuts) > 1
        if not self.authenticated:
            self.extended = None
        self.plain = self.authenticated and not self.doubtful and self.extended is None
        self.ways = [
            Way(
                cut,
                head_len + row.block_len + (cut.icv_len if cut else 0),
                opening(row, sa.enc_key, cut, sa.auth_key, fixed_len),
            )
            for cut in cuts
        ]

    def unseal(self, sealed: bytes) -> Unsealed:
        """Open a packet from its SPI to its ICV; what most SAs are, ``plain``, the shortest way."""
        if self.plain:
            _cut, shortest, open_ = self.ways[0]
            rest = len(sealed) - shortest
            if rest < 0 or rest % self.block_len:
                return NO_WHOLE
            plain = open_(sealed, b"")
            if plain is None:
                return WRONG_ICV
            if len(plain) < NEXT_HEADER_LEN + plain[-2]:
                return NONSENSE
            return plain, int.from_bytes(sealed[4:8], "big"), ""
        return self._unseal_doubtful(sealed)

    def _unseal_doubtful(self, sealed: bytes) -> Unsealed:
        """Open a packet in each way that may still be right, with each high half that it may have."""
        low = sealed[ESP_SEQ]
        code = "malformed"
        for way in self.ways:
            rest = len(sealed) - way.shortest
            if rest < 0 or rest % self.block_len:
                continue
            code = "wrong-icv"
            for high in self.highs(low):
                plain = way.open(sealed, high)
                if plain is not None:
                    return self._opened(way, plain, int.from_bytes(high + low, "big"), sealed)
        return b"", 0, self._why(code, sealed)

    def _opened(self, way: Way, plain: bytes, seq: int, sealed: bytes) -> Unsealed:
        end = len(plain) - NEXT_HEADER_LEN - plain[-2]
        if end < 0 or not (self.authenticated or makes_sense(plain, end, self.padding, known=self.good > 0)):
            return b"", 0, self._why("not-opened", sealed)
        if self.doubtful:
            self.ways, self.found, self.doubtful = [way], way.cut, False
            self.plain = self.extended is None
        return plain, seq, ""

    def _why(self, code: str, sealed: bytes) -> str:
        """Tell a packet that an unknown authenticator made from one that is wrong."""
        if self.authenticated or code == "wrong-icv":
            return code
        way = self.ways[0]
        longer = ends_in_icv(sealed, way.open, way.shortest, self.block_len, self.padding)
        return "authenticator-missing" if longer else code


def _unnumbered(_seq: int) -> str:
    return ""


def _acting(row: Cipher) -> Cipher:
    return cipher_row(row.acts_as) if row.acts_as else row


class AhAssociation(Association):
    """An AH SA: ``verifiers`` are the ways to verify it that may still be right, ``other`` as with ESP."""

    __slots__ = ("doubtful", "other", "verifiers")

    def __init__(self, sa: HostSa) -> None:
        """Make what verifies it, once for all packets."""
        super().__init__(sa)
        self.other: AhAssociation | None = None
        self.verifiers = [AhVerifier(cut, sa.auth_key, old=sa.old) for cut in sa.cuts]
        self.doubtful = len(sa.cuts) > 1

    def verify(self, packet: bytes, layer: Layer) -> Unsealed:
        """Verify the AH at ``layer.at``; what is plain is all behind it."""
        at = layer.at
        if len(packet) < at + 2 or len(packet) < at + header_len(packet, at):
            return NO_WHOLE
        length = header_len(packet, at)
        code = "malformed"
        low = packet[at + AH_SEQ.start : at + AH_SEQ.stop]
        for verifier in self.verifiers:
            if not verifier.fits(length):
                continue
            code = "wrong-icv"
            for high in self.highs(low):
                if verifier.ok(packet, layer, high):
                    if self.doubtful:
                        self.verifiers, self.found, self.doubtful = [verifier], verifier.cut, False
                    return packet[at + length :], int.from_bytes(high + low, "big"), ""
        return b"", 0, code


class Associations:
    """The SAs by destination and SPI, as they stand in a packet; ``opaque`` ones cannot be opened.

    ``ports`` are those of UDP that may hold ESP.
    """

    def __init__(self, sas: list[HostSa]) -> None:
        """Take every SA, oldest first: of those with one identity the newest is tried first."""
        self.esp: dict[bytes, EspAssociation] = {}
        self.ah: dict[bytes, AhAssociation] = {}
        self.opaque: dict[tuple[int, bytes], Association] = {}
        self.ports = NAT_T_PORTS | {port for sa in sas for port in sa.udp_ports}
        self._all: list[Association] = []
        for sa in sas:
            if sa.proto in (IPPROTO_ESP, IPPROTO_AH):
                self._add(sa, sa.dst.packed + sa.spi.to_bytes(4, "big"))

    def _add(self, sa: HostSa, key: bytes) -> None:
        try:
            association = _made(sa)
        except ValueError as error:
            broken = msgspec.structs.replace(sa, opaque=f"its key does not fit: {error}")
            association = Association(broken)
        self._all.append(association)
        if isinstance(association, EspAssociation):
            association.other = self.esp.get(key)
            self.esp[key] = association
        elif isinstance(association, AhAssociation):
            association.other = self.ah.get(key)
            self.ah[key] = association
        else:
            self.opaque[sa.proto, key] = association

    def knows(self, proto: int, key: bytes) -> bool:
        """Tell whether there is an SA of a protocol with a destination and an SPI."""
        readable = self.esp if proto == IPPROTO_ESP else self.ah
        return key in readable or (proto, key) in self.opaque

    def all(self) -> list[Association]:
        """Return all of them, oldest first."""
        return self._all


def _made(sa: HostSa) -> Association:
    if sa.opaque:
        return Association(sa)
    return EspAssociation(sa) if sa.proto == IPPROTO_ESP else AhAssociation(sa)
