"""ESP that remembers: the runs of one case send much the same packets, and ciphers are dear."""

from __future__ import annotations

from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.wire.esp import EspTransform

ROOM = 1 << 20
"""Bytes of packets that are remembered of an SA: those in a loop grow, and none of them comes again."""


class KeptEsp(EspTransform):
    """An SA's ESP transform, for all runs of a case."""

    def __init__(self, sav: SecurityAssociation) -> None:
        """Take the SA; nothing was sealed or opened yet."""
        super().__init__(sav.cipher, sav.enc_key, sav.auth, sav.auth_key, old=sav.old)
        self._sealed: dict[tuple[bytes, bytes], bytes] = {}
        self._opened: dict[bytes, bytes] = {}
        self._room = ROOM

    def decrypt(self, sealed: bytes) -> bytes:
        """Return what is inside, as EspTransform does."""
        found = self._opened.get(sealed)
        if found is None:
            found = super().decrypt(sealed)
            if self._fits(found):
                self._opened[sealed] = found
        return found

    def _encrypt(self, iv: bytes, plain: bytes) -> bytes:
        found = self._sealed.get((iv, plain))
        if found is None:
            found = super()._encrypt(iv, plain)
            if self._fits(found):
                self._sealed[iv, plain] = found
        return found

    def _fits(self, packet: bytes) -> bool:
        """Tell whether there is room for another packet, which takes it."""
        self._room -= len(packet)
        return self._room >= 0
