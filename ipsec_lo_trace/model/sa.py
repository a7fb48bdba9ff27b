"""Security associations: what an SA is, and the three protocols that this kernel runs."""

from __future__ import annotations

import enum
from functools import lru_cache
from ipaddress import IPv4Address
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.model.proto import PROTO_NAMES

RESERVED_SPI_MAX = 255
"""The last SPI that IANA keeps for itself (RFC 2406, section 2.1); an IPComp SA may have one of them."""
CPI_MAX = 0xFFFF
"""The last CPI: 16 bits (RFC 3173, section 3.3)."""
IPSEC_MANUAL_REQID_MAX = 0x3FFF
"""The last reqid that a rule may name; the kernel gives out the higher ones.  Source: netipsec/ipsec.h."""


class Mode(enum.IntEnum):
    """IPSEC_MODE_*: how a transform wraps the packet."""

    ANY = 0
    TRANSPORT = 1
    TUNNEL = 2


class SaState(enum.Enum):
    """SADB_SASTATE_*: the two states that a statically keyed SA reaches."""

    MATURE = "mature"
    DEAD = "dead"


class SaIndex(NamedTuple):
    """struct secasindex: what SA heads are told apart by (ports are ignored by the kernel)."""

    proto: int
    mode: Mode
    reqid: int
    src: IPv4Address
    dst: IPv4Address


class TdbIdent(NamedTuple):
    """struct tdb_ident: what an IPsec tag says of the SA that made it.

    Source: netipsec/xform.h.
    """

    proto: int
    spi: int
    dst: str

    def __str__(self) -> str:
        return _tdbi_text(self.proto, self.spi, self.dst)


@lru_cache(maxsize=1024)
def _tdbi_text(proto: int, spi: int, dst: str) -> str:
    return f"{PROTO_NAMES[proto]} 0x{spi:08x} to {dst}"


class Replay(msgspec.Struct):
    """struct secreplay: the one counter that output and input of an SA share.

    ``window_bytes`` is the bitmap's size in bytes (setkey's -r): the window spans eight packets a byte, and
    0 switches the check off.
    """

    window_bytes: int = 0
    count: int = 0
    lastseq: int = 0
    bitmap: int = 0


class SecurityAssociation(msgspec.Struct, eq=False):
    """struct secasvar with the head that it hangs from.

    Keys are bytes; an algorithm is its setkey(8) name, or "" for none.  An IPComp SA's compression algorithm
    is ``cipher``, as in the kernel (alg_enc), and ``raw_cpi`` (SADB_X_EXT_RAWCPI, setkey's -R) lets its SPI
    have more than 16 bits.  ``old`` is SADB_X_EXT_OLD (esp-old, ah-old: no sequence number, hence no
    ``replay``), ``padding`` is "seq", "zero" or "random" (SADB_X_EXT_P*).
    """

    index: SaIndex
    spi: int
    cipher: str = ""
    enc_key: bytes = b""
    auth: str = ""
    auth_key: bytes = b""
    old: bool = False
    padding: str = "seq"
    cyclic: bool = True
    raw_cpi: bool = False
    replay: Replay | None = msgspec.field(default_factory=Replay)
    added: int = 0
    state: SaState = SaState.MATURE
    tdbi: TdbIdent = TdbIdent(0, 0, "")

    def __post_init__(self) -> None:
        """Keep the identity that tags carry, since every packet asks for it."""
        self.tdbi = TdbIdent(self.index.proto, self.spi, str(self.index.dst))

    @property
    def proto(self) -> int:
        """The IP protocol number: 50 for ESP, 51 for AH, 108 for IPComp."""
        return self.index.proto
