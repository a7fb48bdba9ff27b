"""The commands of setkey(8), as small objects that know where they stand.

They are what was written, of either family and any age; what a kernel makes of them is for ``apply`` (that of
2003) and ``host`` (today's) to say.
"""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Address, Network
from ipsec_lo_trace.model.policy import Direction, Level, PolicyType
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.tokens import Token

PRIORITY_DEFAULT = 0x80000000
"""The priority of a policy that names none; the lowest goes first (libpfkey.h)."""


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
    """-m, -u, -r, -lh, -ls and -f; ``replay`` in bytes of bitmap, lifetimes in seconds.

    ``padding`` has each kind that is asked for, with its place.  ``esn`` and ``context``, a security context,
    are of later times, as are the ports of -natt.
    """

    mode: Mode = Mode.ANY
    reqid: int = 0
    replay: int = 0
    replay_at: Token | None = None
    hard: int = 0
    soft: int = 0
    lifetime_at: Token | None = None
    padding: dict[str, Token] = msgspec.field(default_factory=dict)
    cyclic: bool = True
    esn: bool = False
    context: Token | None = None
    udp_ports: tuple[int, ...] = ()


class Ends(msgspec.Struct, frozen=True):
    """Source and destination of an SA, of one family; None for a name that is not resolved.

    ``udp_ports`` are those behind them, of ESP in UDP.
    """

    src: Address | None
    dst: Address | None
    src_at: Token
    dst_at: Token
    udp_ports: tuple[int, ...] = ()


class SaName(msgspec.Struct, frozen=True, kw_only=True):
    """What names an SA: ends, protocol (None if left out), SPI; ``old`` for ah-old and esp-old.

    ``proto_at`` is where the protocol stands, or would stand.
    """

    ends: Ends
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

    ends: Ends
    proto: int | None


class Flush(Command, frozen=True, kw_only=True):
    """``flush``: of one protocol, or of all for None."""

    proto: int | None


class SpdFlush(Command, frozen=True):
    """``spdflush``."""


class Show(Command, frozen=True):
    """``get``, ``dump`` or ``spddump``: they print, and change nothing."""


class Unread(Command, frozen=True, kw_only=True):
    """A command that cannot be followed, and why."""

    fault: UserError


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Which packets a policy is for: networks of one family, ports (of ICMP type and code), protocol.

    A network is None for a name that is not resolved.  ``context`` is where a security context stands.
    """

    src: Network | None
    dst: Network | None
    src_port: int
    dst_port: int
    upper: int
    src_at: Token
    dst_at: Token
    upper_at: Token
    context: Token | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One transform behind -P; without ends those of the packet are taken."""

    at: Token
    proto: int
    mode: Mode
    level: Level
    reqid: int = 0
    src: Address | None = None
    dst: Address | None = None
    ends_at: Token | None = None


class PolicySpec(msgspec.Struct, frozen=True, kw_only=True):
    """The text behind -P; ``rules`` are those of an ipsec policy.

    ``direction`` is None for fwd, which Linux alone has.  ``fault`` says why the rest could not be followed;
    ``kind`` then says nothing.
    """

    at: Token
    direction: Direction | None
    kind: PolicyType = PolicyType.NONE
    rules: tuple[Rule, ...] = ()
    notes: tuple[str, ...] = ()
    priority: int = PRIORITY_DEFAULT
    fault: UserError | None = None


class SpdChange(Command, frozen=True, kw_only=True):
    """``spdadd``, ``spdupdate`` and ``spddelete``."""

    traffic: Traffic
    policy: PolicySpec

    def towards(self) -> Direction:
        """Return the policy's direction; UserError for a policy that no packet on lo is asked about."""
        if self.policy.direction is None:
            raise self.policy.at.fault("a policy for forwarding")
        return self.policy.direction

    def place(self, extension: Extension) -> Token:
        """Return the token that a part of the PF_KEY message was made of."""
        return self.policy.at if extension is Extension.POLICY else self.at


class SpdAdd(SpdChange, frozen=True, kw_only=True):
    """``spdadd``, and with ``update`` ``spdupdate``, which takes the place of the policy that is there."""

    update: bool = False


class SpdDelete(SpdChange, frozen=True, kw_only=True):
    """``spddelete``."""
