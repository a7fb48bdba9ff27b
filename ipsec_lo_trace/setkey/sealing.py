"""What a host's SA is sealed with: its algorithms by today's names of setkey(8), as rows of the one table."""

from __future__ import annotations

import re

import msgspec

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    Authenticator,
    Cipher,
    authenticator_row,
    cipher_row,
    key_lens_text,
)
from ipsec_lo_trace.model.host import Cut
from ipsec_lo_trace.setkey.tokens import shown

_CIPHERS = {name: row for row in (*CIPHERS, *LATER_CIPHERS) for name in (row.name, *row.later)}
_AUTHENTICATORS = {
    **{name: row for row in LATER_AUTHENTICATORS for name in (row.name, *row.later)},
    # Whatever today's programs call one that 2003 had too, it may be cut as it was, or as it is.
    **{name: row for row in AUTHENTICATORS for name in (row.name, row.today, *row.later) if name},
}
_CUT = re.compile(r"-(8|12|16)$")
_COMPRESSION = "deflate"


class Named(msgspec.Struct, frozen=True):
    """An algorithm as it is named, and its key."""

    name: str
    key: bytes = b""


class Sealing(msgspec.Struct, frozen=True):
    """The fields of a ``HostSa`` that say how its packets are sealed; ``opaque`` why that is not known."""

    cipher: str = ""
    enc_key: bytes = b""
    auth_key: bytes = b""
    cuts: tuple[Cut, ...] = ()
    opaque: str = ""


def esp_sealing(enc: Named, auth: Named | None) -> Sealing:
    """Say how an ESP SA seals: a combined cipher has its own ICV, whatever stands beside it."""
    row = _CIPHERS.get(enc.name) or _CIPHERS.get(_CUT.sub("", enc.name))
    if row is None:
        return _unknown(enc)
    if row.acts_as:
        row = cipher_row(row.acts_as)
    if not (row.keyless or _fits(row, len(enc.key))):
        return _wrong_key(enc, key_lens_text(row))
    key = b"" if row.keyless else enc.key
    if row.icv_lens:
        cut = _CUT.search(enc.name)
        icv_len = int(cut.group(1)) if cut and int(cut.group(1)) in row.icv_lens else row.icv_lens[0]
        return Sealing(row.name, key, cuts=(Cut("", icv_len),))
    sealed = auth_sealing(auth) if auth else Sealing()
    return sealed if sealed.opaque else msgspec.structs.replace(sealed, cipher=row.name, enc_key=key)


def auth_sealing(auth: Named) -> Sealing:
    """Say how an AH SA seals, or what ESP has behind its ciphertext."""
    row = _AUTHENTICATORS.get(auth.name)
    if row is None:
        return _unknown(auth)
    if row.keyless:
        return Sealing()
    if row.key_len not in (None, len(auth.key)):
        return _wrong_key(auth, str(row.key_len))
    return Sealing(auth_key=auth.key, cuts=tuple(Cut(one.name, one.icv_len) for one in _ways(row)))


def comp_sealing(comp: Named) -> Sealing:
    """Say how an IPComp SA compresses."""
    return Sealing(comp.name) if comp.name == _COMPRESSION else _unknown(comp)


def _ways(row: Authenticator) -> tuple[Authenticator, ...]:
    """Return what an authenticator's name has meant."""
    return (row, authenticator_row(row.today)) if row.today else (row,)


def _fits(row: Cipher, key_len: int) -> bool:
    return key_len in (row.key_lens or range(row.min_key_len, row.max_key_len + 1))


def _unknown(algorithm: Named) -> Sealing:
    return Sealing(opaque=f"{shown(algorithm.name)} is not known")


def _wrong_key(algorithm: Named, lens: str) -> Sealing:
    return Sealing(opaque=f"its {algorithm.name} key has {len(algorithm.key)} bytes, not {lens}")
