"""The lines that name algorithms and keys, in the names of Linux's crypto API.

Each function raises UserError, pointing at the word; no message shows a key.
"""

from __future__ import annotations

import re

import msgspec

from ipsec_lo_trace.model.algorithms import AUTHENTICATORS, CIPHERS
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.wire.algorithms import ICV_LEN

_CIPHERS = {row.linux: row for row in CIPHERS if row.linux}
_AUTHS = {row.linux: row for row in AUTHENTICATORS if row.linux}
_NO_AUTH = "digest_null"
_ICV_BITS = 8 * ICV_LEN
_HEX = re.compile(r"0x(?:[0-9A-Fa-f]{2})*")
_KEY_BITS = re.compile(r"\([0-9]+|bits\)")
"""What -s puts behind a key."""
DELETE = "delete this SA's lines to go on without it"


class Algorithm(msgspec.Struct, frozen=True):
    """An algorithm by its setkey(8) name, "" for none, and its key."""

    name: str = ""
    key: bytes = b""


def cipher(words: list[Token]) -> Algorithm:
    """Read an ``enc`` line: its name and a key that fits."""
    at, key, _bits = _parts(words)
    algorithm = _CIPHERS.get(at.text)
    if algorithm is None:
        raise _unknown(at)
    key_lens = algorithm.key_lens or range(algorithm.min_key_len, algorithm.max_key_len + 1)
    if not algorithm.keyless and len(key) not in key_lens:
        raise at.fault(f"{at} cannot have a key of {len(key)} bytes")
    return Algorithm(algorithm.name, key)


def auth(words: list[Token]) -> Algorithm:
    """Read an ``auth`` or ``auth-trunc`` line: its name, its key, and how many bits of the ICV are kept."""
    at, key, bits = _parts(words)
    if at.text == _NO_AUTH:
        return Algorithm()
    algorithm = _AUTHS.get(at.text)
    if algorithm is None:
        raise _unknown(at)
    if bits is not None and bits.text != str(_ICV_BITS):
        reason = f"{at} cut to {bits} bits is not modelled: FAST_IPSEC of 2003 cut all to {_ICV_BITS}"
        raise bits.fault(reason, DELETE)
    if not key:
        raise at.fault(f"{at} has no key")
    return Algorithm(algorithm.name, key)


def compression(words: list[Token]) -> Algorithm:
    """Read a ``comp`` line: deflate is all there is."""
    at, _key, _bits = _parts(words)
    if at.text != "deflate":
        raise _unknown(at)
    return Algorithm(at.text)


def _parts(words: list[Token]) -> tuple[Token, bytes, Token | None]:
    """Return an algorithm's name, its key (empty if there is none), and the bits of its ICV if said."""
    if len(words) == 1:
        raise words[0].fault(f"no algorithm stands behind {words[0]}")
    at, *rest = words[1:]
    rest = [word for word in rest if not _KEY_BITS.fullmatch(word.text)]
    bits = rest.pop() if words[0].text == "auth-trunc" and rest else None
    if not rest:
        return at, b"", bits
    if rest[0].text.startswith("<<"):
        raise rest[0].fault("the keys are hidden", "ip xfrm state prints them to root, without nokeys")
    if len(rest) > 1:
        raise rest[1].fault("more than a key stands behind the algorithm")
    return at, _key(rest[0]), bits


def _key(word: Token) -> bytes:
    if not _HEX.fullmatch(word.text):
        # Whatever it is, it may be most of a key.
        hidden = msgspec.structs.replace(word, kind=Kind.KEY)
        raise hidden.fault("this is not a key", "0x and two hexadecimal digits for each byte")
    return bytes.fromhex(word.text[2:])


def _unknown(at: Token) -> UserError:
    return at.fault(f"{at} is not modelled", DELETE)
