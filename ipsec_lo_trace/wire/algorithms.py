"""The primitives of the ciphers and authenticators that FAST_IPSEC knew in 2003, by their setkey(8) names.

What else there is to know about them is in ``model.algorithms``.  Every ICV is cut to 96 bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from ipsec_lo_trace.model import algorithms

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

ICV_LEN = 12
"""Bytes of an ICV: 96 bits."""
OLD_ICV_LEN = 16
"""Bytes of the ICV of old AH."""
HASH_BLOCK_LEN = 64
"""Bytes that HMAC fills its key up to, whatever the hash.  Source: opencrypto/xform.h, HMAC_BLOCK_LEN."""
_IPAD, _OPAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def _des(key: bytes) -> BlockCipherAlgorithm:
    # Three times the same key is single DES.
    return _triple_des(key * 3)


def _triple_des(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES  # noqa: PLC0415 -- loads if used

    return TripleDES(key)


def _blowfish(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import Blowfish  # noqa: PLC0415 -- loads if used

    return Blowfish(key)


def _cast128(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import CAST5  # noqa: PLC0415 -- loads if used

    return CAST5(key)


def _aes(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.primitives.ciphers.algorithms import AES  # noqa: PLC0415 -- loads if used

    return AES(key)


def _hmac(name: str) -> Callable[[bytes, bytes], bytes]:
    """Give HMAC over a hash; what of it depends on the key alone is done once, which halves its cost.

    RFC 2104 sections 2 and 4.
    """

    @lru_cache(maxsize=64)
    def begun(key: bytes) -> tuple[hashlib._Hash, hashlib._Hash]:
        block = (key if len(key) <= HASH_BLOCK_LEN else hashlib.new(name, key).digest()).ljust(
            HASH_BLOCK_LEN, b"\0"
        )
        return hashlib.new(name, block.translate(_IPAD)), hashlib.new(name, block.translate(_OPAD))

    def digest(key: bytes, message: bytes) -> bytes:
        inner, outer = begun(key)
        inner, outer = inner.copy(), outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()

    return digest


def _keyed(name: str, byteorder: Literal["little", "big"]) -> Callable[[bytes, bytes], bytes]:
    """Hash the key, filled up to a block the way the hash fills its own end, the message, and the key again.

    Source: opencrypto/cryptosoft.c, swcr_newsession and swcr_authcompute ("KPDK": key, padding, data, key);
    RFC 1828 and RFC 1852.  SIMPLER: swcr_newsession fills the key up by ending the hash with no place for a
    digest.  Whether NetBSD's hashes took that is not known; AH_ALG_MAX kept the kernel from coming there.
    """

    def digest(key: bytes, message: bytes) -> bytes:
        fill = b"\x80" + bytes((55 - len(key)) % 64) + (8 * len(key)).to_bytes(8, byteorder)
        return hashlib.new(name, key + fill + message + key).digest()

    return digest


def _no_digest(_key: bytes, _message: bytes) -> bytes:
    return bytes(OLD_ICV_LEN)


CIPHERS = {row.name: row for row in algorithms.CIPHERS if row.in_kernel}
"""The ciphers that the kernel has code for."""
AUTHS = {row.name: row for row in algorithms.AUTHENTICATORS if row.in_kernel}
"""The authenticators that it has code for."""
_MAKERS = {
    "des-cbc": _des,
    "3des-cbc": _triple_des,
    "blowfish-cbc": _blowfish,
    "cast128-cbc": _cast128,
    "rijndael-cbc": _aes,
}
_ENDS: dict[str, Literal["little", "big"]] = {"md5": "little", "sha1": "big"}
"""The byte order in which a hash writes the length of what it hashed."""
_DIGESTS = {
    row.name: _keyed(row.hash, _ENDS[row.hash]) if row.keyed else _hmac(row.hash) if row.hash else _no_digest
    for row in AUTHS.values()
}


def block_cipher(name: str, key: bytes) -> BlockCipherAlgorithm | None:
    """Make cryptography's algorithm for a key; None for the null cipher, ValueError for a wrong key."""
    make = _MAKERS.get(name)
    return make(key) if make else None


def digest_of(name: str) -> Callable[[bytes, bytes], bytes]:
    """Find the authenticator's function of key and message, before the cut to its ICV."""
    return _DIGESTS[name]
