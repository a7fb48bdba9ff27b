"""The ciphers and authenticators that FAST_IPSEC knew in 2003, by their setkey(8) names.

Key lengths: opencrypto/xform.c as used by esp_init and ah_init0; blocks and IVs: RFC 2405, 2451, 3602.
Authenticators: RFC 2403, 2404, 2857, all cut to 96 bits; the keyed hashes of RFC 1828 and RFC 1852.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

ICV_LEN = 12
"""Bytes of an ICV: 96 bits."""
OLD_ICV_LEN = 16
"""Bytes of the ICV of old AH."""
HASH_BLOCK_LEN = 64
"""Bytes of a block of every hash here."""
_IPAD, _OPAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
UNCHECKED = "ANY 96 bit authentication [no checking]"
SHA_256_96 = "HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]"


class CipherAlgorithm(msgspec.Struct, frozen=True):
    """A cipher; key lengths in bytes, ``key_lens`` None if any length in the range will do.

    ``make`` gives cryptography's algorithm for a key; None for the null cipher.
    """

    name: str
    min_key_len: int
    max_key_len: int
    key_lens: tuple[int, ...] | None
    block_len: int
    iv_len: int
    tshark: str
    make: Callable[[bytes], BlockCipherAlgorithm] | None


class AuthAlgorithm(msgspec.Struct, frozen=True):
    """An authenticator; ``key_len`` in bytes, None if any will do; ``digest`` takes key and message.

    AH protects the packet's DF flag too if ``keeps_df``.
    """

    name: str
    key_len: int | None
    tshark: str
    digest: Callable[[bytes, bytes], bytes]
    keeps_df: bool = False


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


CIPHERS = {
    cipher.name: cipher
    for cipher in (
        CipherAlgorithm("des-cbc", 8, 8, (8,), 8, 8, "DES-CBC [RFC2405]", _des),
        CipherAlgorithm("3des-cbc", 24, 24, (24,), 8, 8, "TripleDES-CBC [RFC2451]", _triple_des),
        CipherAlgorithm("blowfish-cbc", 5, 56, None, 8, 8, "BLOWFISH-CBC [RFC2451]", _blowfish),
        CipherAlgorithm("cast128-cbc", 5, 16, None, 8, 8, "CAST5-CBC [RFC2144]", _cast128),
        CipherAlgorithm("rijndael-cbc", 8, 32, (16, 24, 32), 16, 16, "AES-CBC [RFC3602]", _aes),
        CipherAlgorithm("null", 0, 256, None, 4, 0, "NULL", None),
    )
}

AUTHS = {
    auth.name: auth
    for auth in (
        AuthAlgorithm("hmac-md5", 16, "HMAC-MD5-96 [RFC2403]", _hmac("md5")),
        AuthAlgorithm("hmac-sha1", 20, "HMAC-SHA-1-96 [RFC2404]", _hmac("sha1")),
        AuthAlgorithm("hmac-ripemd160", 20, UNCHECKED, _hmac("ripemd160")),
        AuthAlgorithm("hmac-sha2-256", 32, SHA_256_96, _hmac("sha256")),
        AuthAlgorithm("keyed-md5", None, UNCHECKED, _keyed("md5", "little"), keeps_df=True),
        AuthAlgorithm("keyed-sha1", None, UNCHECKED, _keyed("sha1", "big"), keeps_df=True),
        AuthAlgorithm("null", None, "NULL", _no_digest),
    )
}
