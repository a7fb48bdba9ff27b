"""The commands of setkey(8), as small objects that know where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension
from ipsec_lo_trace.model.policy import Direction, PolicyType, Request, Selector
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.tokens import Token


@dataclass(frozen=True, slots=True)
class Command:
    """Any command; ``at`` is its first word, ``notes`` what a reader should know of it."""

    at: Token
    notes: tuple[str, ...] = ()

    def place(self, _extension: Extension) -> Token:
        """Give the token that a part of the PF_KEY message was made of."""
        return self.at


@dataclass(frozen=True, slots=True)
class Algorithm:
    """-E or -A with its argument; ``key_at`` None if there is no key."""

    at: Token
    name: str
    key: bytes
    key_at: Token | None


@dataclass(slots=True)
class Extensions:
    """-m, -u, -r, -lh, -ls and -f; ``replay`` in bytes of bitmap, lifetimes in seconds."""

    mode: Mode = Mode.ANY
    reqid: int = 0
    replay: int = 0
    hard: int = 0
    soft: int = 0
    lifetime_at: Token | None = None
    padding: str = "seq"
    cyclic: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SaName:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Add(Command):
    """``add``: ``comp`` is the -C of an IPComp SA."""

    sa: SaName
    extensions: Extensions
    enc: Algorithm | None
    auth: Algorithm | None
    comp: Token | None

    def place(self, extension: Extension) -> Token:
        """Give the token that a part of the PF_KEY message was made of."""
        enc, auth = self.enc, self.auth
        places = {
            Extension.SA: self.sa.spi_at,
            Extension.SA_ENCRYPT: enc and enc.at,
            Extension.SA_AUTH: auth and auth.at,
            Extension.KEY_ENCRYPT: enc and (enc.key_at or enc.at),
            Extension.KEY_AUTH: auth and (auth.key_at or auth.at),
            Extension.LIFETIME: self.extensions.lifetime_at,
        }
        return places.get(extension) or self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Command):
    """``delete``."""

    sa: SaName

    def place(self, extension: Extension) -> Token:
        """Give the token that a part of the PF_KEY message was made of."""
        return self.sa.spi_at if extension is Extension.SA else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAll(Command):
    """``deleteall``."""

    src: IPv4Address
    dst: IPv4Address
    proto: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flush(Command):
    """``flush``: of one protocol, or of all for None."""

    proto: int | None


@dataclass(frozen=True, slots=True)
class SpdFlush(Command):
    """``spdflush``."""


@dataclass(frozen=True, slots=True)
class Show(Command):
    """``get``, ``dump`` or ``spddump``: they print, and change nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """The text behind -P; ``requests`` are those of an ipsec policy."""

    at: Token
    direction: Direction
    kind: PolicyType
    requests: tuple[Request, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SpdChange(Command):
    """``spdadd`` and ``spddelete``."""

    selector: Selector
    policy: PolicySpec

    def place(self, extension: Extension) -> Token:
        """Give the token that a part of the PF_KEY message was made of."""
        return self.policy.at if extension is Extension.POLICY else self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class SpdAdd(SpdChange):
    """``spdadd``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpdDelete(SpdChange):
    """``spddelete``."""
