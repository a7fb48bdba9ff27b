"""The SAs of a configuration, ready to open packets, with what came by of each and its sequence numbers."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire.ah import AhTransform
from ipsec_lo_trace.wire.esp import EspTransform

WINDOW_BITS = 1024
"""How far behind the highest number a repeated one is still recognised."""
_MASK = (1 << WINDOW_BITS) - 1
STEP = 2


class Numbers(msgspec.Struct):
    """The highest number, which of the ``WINDOW_BITS`` below it came, and whether all steps were of two.

    ``steps`` counts how often the highest number rose.
    """

    highest: int = -1
    seen: int = 0
    steps: int = 0
    by_two: bool = True

    def see(self, seq: int) -> str:
        """Take the next number; "replayed", "out-of-order", or "" if it is higher than all before."""
        ahead = seq - self.highest
        if ahead > 0:
            if self.highest < 0:
                self.by_two = seq % STEP == 1
            else:
                self.steps += 1
                self.by_two = self.by_two and ahead == STEP
            self.seen = (self.seen << ahead | 1) & _MASK if ahead < WINDOW_BITS else 1
            self.highest = seq
            return ""
        bit = 1 << -ahead
        if self.seen & bit:
            return "replayed"
        if bit <= _MASK:
            self.seen |= bit
        return "out-of-order"

    @property
    def shared(self) -> bool:
        """Whether they went 1, 3, 5: someone else took the numbers between."""
        return self.by_two and self.steps > 0


class Association:
    """What came by of one SA: its sequence numbers, how many packets opened (``good``), how many did not.

    ``bad`` counts the latter by code; ``first`` is the number of the first packet that opened.
    """

    __slots__ = ("bad", "first", "good", "name", "numbers", "old", "padding")

    def __init__(self, sav: SecurityAssociation) -> None:
        self.name = str(sav.tdbi)
        self.old = sav.old
        self.padding = sav.padding
        self.numbers = Numbers()
        self.good = 0
        self.bad: dict[str, int] = {}
        self.first = 0

    def fail(self, code: str) -> str:
        """Note that a packet does not verify or open; give the code back."""
        self.bad[code] = self.bad.get(code, 0) + 1
        return code

    def take(self, seq: bytes, number: int) -> str:
        """Note that packet ``number`` opens; "replayed" or "out-of-order" if its sequence number is."""
        self.good += 1
        self.first = self.first or number
        return "" if self.old else self.numbers.see(int.from_bytes(seq, "big"))


class EspAssociation(Association):
    """An ESP SA."""

    __slots__ = ("authenticated", "shortest", "transform")

    def __init__(self, sav: SecurityAssociation) -> None:
        """Make its transform, once for all packets."""
        super().__init__(sav)
        self.transform = EspTransform(sav.cipher, sav.enc_key, sav.auth, sav.auth_key, old=sav.old)
        self.authenticated = bool(sav.auth)
        self.shortest = self.transform.header_len + self.transform.block_len + self.transform.icv_len


class AhAssociation(Association):
    """An AH SA."""

    __slots__ = ("transform",)

    def __init__(self, sav: SecurityAssociation) -> None:
        """Make its transform, once for all packets."""
        super().__init__(sav)
        self.transform = AhTransform(sav.auth, sav.auth_key, old=sav.old)


class Associations:
    """The SAs by destination and SPI, eight bytes as they stand in a packet."""

    def __init__(self, db: Databases) -> None:
        """Take every SA; of two with the same identity the newer one, as the kernel's lookup does."""
        self.esp: dict[bytes, EspAssociation] = {}
        self.ah: dict[bytes, AhAssociation] = {}
        savs = [sav for head in db.sahtree for sav in head.savs]
        for sav in sorted(savs, key=lambda sav: sav.added):
            key = sav.index.dst.packed + sav.spi.to_bytes(4, "big")
            if sav.proto == IPPROTO_ESP:
                self.esp[key] = EspAssociation(sav)
            elif sav.proto == IPPROTO_AH:
                self.ah[key] = AhAssociation(sav)

    def all(self) -> list[Association]:
        """Return all of them, ESP first."""
        return [*self.esp.values(), *self.ah.values()]
