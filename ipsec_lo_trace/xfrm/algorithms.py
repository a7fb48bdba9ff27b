"""The lines that name algorithms and keys, in the names of Linux's crypto API.

Each function gives fields of a HostSa, or raises UserError, pointing at the word; no message shows a key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from ipsec_lo_trace.model.algorithms import (
    AUTHENTICATORS,
    CIPHERS,
    LATER_AUTHENTICATORS,
    LATER_CIPHERS,
    Authenticator,
    Cipher,
    authenticator_row,
    key_lens_text,
)
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Cut
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.xfrm.values import MAX_16_BITS, number

Fields = dict[str, Any]
Row = TypeVar("Row", Cipher, Authenticator)

# Names that lasted for some versions, such as cbc(cast128) and hmac(ripemd160) from 2.6.20 on, or that are
# still taken.  Source: Linux, net/xfrm/xfrm_algo.c, over its versions.
_FOR_A_WHILE = {
    "cast5": "cbc(cast5)",
    "cbc(cast128)": "cbc(cast5)",
    "hmac(ripemd160)": "hmac(rmd160)",
    "rmd160": "hmac(rmd160)",
    "hmac(digest_null)": "digest_null",
}
_NO_AUTH = "digest_null"
_FULL_LEN = {"md5": 16, "sha1": 20, "ripemd160": 20, "sha256": 32, "sha384": 48, "sha512": 64, "": 16}
"""Bytes of a whole ICV by hash; that of a block cipher is a block.  Source: xfrm_algo.c, icv_fullbits."""
_HEX = re.compile(r"0x(?:[0-9A-Fa-f]{2})*")
_KEY_BITS = re.compile(r"\([0-9]+|bits\)")
"""What -s puts behind a key."""


def _by_name(rows: Sequence[Row]) -> dict[str, Row]:
    named = {name: row for row in rows for name in (row.linux_old, row.linux) if name}
    return named | {name: named[today] for name, today in _FOR_A_WHILE.items() if today in named}


_CIPHERS = _by_name([row for row in (*CIPHERS, *LATER_CIPHERS) if not row.icv_lens])
_COMBINED = _by_name([row for row in (*CIPHERS, *LATER_CIPHERS) if row.icv_lens])
_AUTHS = _by_name((*AUTHENTICATORS, *LATER_AUTHENTICATORS))


def cipher(words: list[Token]) -> Fields:
    """Read an ``enc`` line: its name and a key that fits."""
    at, key, _bits = _parts(words)
    row = _row(_CIPHERS, at)
    return {"cipher": row.name, "enc_key": b"" if row.keyless else _fitting(row, key, at)}


def combined(words: list[Token]) -> Fields:
    """Read an ``aead`` line: its name, a key that fits, and the bits of its ICV."""
    at, key, bits = _parts(words)
    row = _row(_COMBINED, at)
    icv_len = _icv_len(at, bits)
    if icv_len not in row.icv_lens:
        raise bits.fault(f"{at} cannot have an ICV of {bits} bits") if bits else at.fault("no ICV length")
    return {"cipher": row.name, "enc_key": _fitting(row, key, at), "cuts": (Cut("", icv_len),)}


def auth(words: list[Token]) -> Fields:
    """Read an ``auth`` or ``auth-trunc`` line: its name, its key, and how many bits of the ICV are kept.

    Without a number the kernel cuts as the row says.  Source: Linux, net/xfrm/xfrm_algo.c, icv_truncbits.
    """
    at, key, bits = _parts(words)
    if _FOR_A_WHILE.get(at.text, at.text) == _NO_AUTH:
        return {"cuts": ()}
    row = _row(_AUTHS, at)
    icv_len = _icv_len(at, bits) if words[0].text == "auth-trunc" else row.icv_len
    if not 0 < icv_len <= _FULL_LEN[row.hash]:
        raise at.fault(f"{at} cannot be cut to {bits} bits")
    # An HMAC takes a key of any length; a block cipher does not.
    if not key or (not row.hash and len(key) != row.key_len):
        raise at.fault(f"{at} cannot have a key of {len(key)} bytes")
    today = authenticator_row(row.today) if row.today else row
    name = today.name if icv_len == today.icv_len else row.name
    return {"auth_key": key, "cuts": (Cut(name, icv_len),)}


def compression(words: list[Token]) -> Fields:
    """Read a ``comp`` line: deflate is all there is."""
    at, _key, _bits = _parts(words)
    if at.text != "deflate":
        raise _unknown(at)
    return {"cipher": at.text}


def _row(rows: dict[str, Row], at: Token) -> Row:
    if at.text not in rows:
        raise _unknown(at)
    return rows[at.text]


def _unknown(at: Token) -> UserError:
    return at.fault(f"{at} is not an algorithm that is known")


def _fitting(row: Cipher, key: bytes, at: Token) -> bytes:
    key_lens = row.key_lens or range(row.min_key_len, row.max_key_len + 1)
    if len(key) not in key_lens:
        raise at.fault(f"{at} cannot have a key of {len(key)} bytes", f"{key_lens_text(row)} bytes")
    return key


def _icv_len(at: Token, bits: Token | None) -> int:
    """Read the length of an ICV in bits; return it in bytes."""
    if bits is None:
        raise at.fault(f"how many bits of {at} are kept is not said")
    count = number(bits, "a number of bits", MAX_16_BITS)
    if count % 8:
        raise bits.fault(f"an ICV of {bits} bits is not of whole bytes")
    return count // 8


def _parts(words: list[Token]) -> tuple[Token, bytes, Token | None]:
    """Return an algorithm's name, its key (empty if there is none), and the bits of its ICV if said."""
    if len(words) == 1:
        raise words[0].fault(f"no algorithm stands behind {words[0]}")
    at, *rest = words[1:]
    hidden = [word for word in rest if word.text.startswith("<<")]
    if hidden:
        raise hidden[0].fault("the keys are hidden", "ip xfrm state prints them to root, without nokeys")
    rest = [word for word in rest if not _KEY_BITS.fullmatch(word.text)]
    bits = None
    if words[0].text in ("auth-trunc", "aead") and rest and rest[-1].text.isdecimal():
        bits = rest.pop()
    if len(rest) > 1:
        raise rest[1].fault("more than a key stands behind the algorithm")
    return at, _key(rest[0]) if rest else b"", bits


def _key(word: Token) -> bytes:
    if not _HEX.fullmatch(word.text):
        # Whatever it is, it may be most of a key.
        hidden = msgspec.structs.replace(word, kind=Kind.KEY)
        raise hidden.fault("this is not a key", "0x and two hexadecimal digits for each byte")
    return bytes.fromhex(word.text[2:])
