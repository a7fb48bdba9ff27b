"""The commands of setkey(8), as small objects that know where they stand."""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension
from ipsec_lo_trace.model.policy import Direction, PolicyType, Request, Selector
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.tokens import Token


class Command(msgspec.Struct, frozen=True):
    """Any command; ``at`` is its first word, ``notes`` what a reader should know of it."""

    at: Token
    notes: tuple[str, ...] = ()

    def place(self, _extension: Extension) -> Token:
        """Return the token that a part of the PF_KEY message was made of."""
        return self.at


class Algorithm(msgspec.Struct, frozen=True):
    """-E, -A or -C with its argument; ``key_at`` None if there is no key."""

    at: Token
    name: str
    key: bytes
    key_at: Token | None


class Extensions(msgspec.Struct):
    """-m, -u, -r, -lh, -ls and -f; ``replay`` in bytes of bitmap, lifetimes in seconds."""

    mode: Mode = Mode.ANY
    reqid: int = 0
    replay: int = 0
    hard: int = 0
    soft: int = 0
    lifetime_at: Token | None = None
    padding: str = "seq"
    cyclic: bool = True


class SaName(msgspec.Struct, frozen=True, kw_only=True):
    """What names an SA: ends, protocol (None if left out), SPI; ``old`` for ah-old and esp-old.

    ``proto_at`` is where the protocol stands, or would stand.
    """

    src: IPv4Address
    dst: IPv4Address
    proto: int | None
    proto_at: Token
    old: bool
    spi: int
    spi_at: Token


class Add(Command, frozen=True, kw_only=True):
    """``add``: ``comp`` is the -C of an IPComp SA, ``raw_cpi`` its -R."""

    sa: SaName
    extensions: Extensions
    enc: Algorithm | None
    auth: Algorithm | None
    comp: Algorithm | None
    raw_cpi: bool

    def place(self, extension: Extension) -> Token:
        """Return the token that a part of the PF_KEY message was made of."""
        # A compression algorithm goes where an encryption algorithm does.
        enc, auth = self.enc or self.comp, self.auth
        places = {
            Extension.SA: self.sa.spi_at,
            Extension.SA_ENCRYPT: enc and enc.at,
            Extension.SA_AUTH: auth and auth.at,
            Extension.KEY_ENCRYPT: enc and (enc.key_at or enc.at),
            Extension.KEY_AUTH: auth and (auth.key_at or auth.at),
            Extension.LIFETIME: self.extensions.lifetime_at,
        }
        return places.get(extension) or self.at


class Delete(Command, frozen=True, kw_only=True):
    """``delete``."""

    sa: SaName

    def place(self, extension: Extension) -> Token:
        """Return the token that a part of the PF_KEY message was made of."""
        return self.sa.spi_at if extension is Extension.SA else self.at


class DeleteAll(Command, frozen=True, kw_only=True):
    """``deleteall``."""

    src: IPv4Address
    dst: IPv4Address
    proto: int | None


class Flush(Command, frozen=True, kw_only=True):
    """``flush``: of one protocol, or of all for None."""

    proto: int | None


class SpdFlush(Command, frozen=True):
    """``spdflush``."""


class Show(Command, frozen=True):
    """``get``, ``dump`` or ``spddump``: they print, and change nothing."""


class PolicySpec(msgspec.Struct, frozen=True, kw_only=True):
    """The text behind -P; ``requests`` are those of an ipsec policy."""

    at: Token
    direction: Direction
    kind: PolicyType
    requests: tuple[Request, ...]
    notes: tuple[str, ...]


class SpdChange(Command, frozen=True, kw_only=True):
    """``spdadd`` and ``spddelete``."""

    selector: Selector
    policy: PolicySpec

    def place(self, extension: Extension) -> Token:
        """Return the token that a part of the PF_KEY message was made of."""
        return self.policy.at if extension is Extension.POLICY else self.at


class SpdAdd(SpdChange, frozen=True, kw_only=True):
    """``spdadd``."""


class SpdDelete(SpdChange, frozen=True, kw_only=True):
    """``spddelete``."""
