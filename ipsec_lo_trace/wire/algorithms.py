"""The primitives of the ciphers and authenticators, by their names in ``model.algorithms``.

What else there is to know about them stands there.  FAST_IPSEC of 2003 cuts every ICV to 96 bits.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from ipsec_lo_trace.model import algorithms

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm

ICV_LEN = 12
"""Bytes of an ICV: 96 bits."""
OLD_ICV_LEN = 16
"""Bytes of the ICV of old AH."""
AES_BLOCK_LEN = 16
Mac: TypeAlias = "Callable[[bytes], bytes]"
"""Take a message, give its digest under a key."""
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


def _camellia(key: bytes) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers import algorithms as decrepit  # noqa: PLC0415 -- loads if used
    from cryptography.hazmat.primitives.ciphers import algorithms as current  # noqa: PLC0415

    # It moved from the one module to the other after cryptography 46.
    make: Callable[[bytes], BlockCipherAlgorithm] = (
        decrepit.Camellia if hasattr(decrepit, "Camellia") else current.Camellia
    )
    return make(key)


def _hmac(name: str, block_len: int) -> Callable[[bytes], Mac]:
    """Give HMAC over a hash, by key; what of it depends on the key alone is done once, which halves its cost.

    RFC 2104 sections 2 and 4.  KERNEL: ``block_len``, up to which the key is filled, was 64 bytes in 2003,
    whatever the hash: opencrypto/xform.h, HMAC_BLOCK_LEN.
    """

    @lru_cache(maxsize=64)
    def keyed(key: bytes) -> Mac:
        block = (key if len(key) <= block_len else hashlib.new(name, key).digest()).ljust(block_len, b"\0")
        begin, end = (hashlib.new(name, block.translate(pad)).copy for pad in (_IPAD, _OPAD))

        def mac(message: bytes) -> bytes:
            inner, outer = begin(), end()
            inner.update(message)
            outer.update(inner.digest())
            return outer.digest()

        return mac

    return keyed


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


def _cmac(key: bytes, message: bytes) -> bytes:
    """RFC 4493."""
    from cryptography.hazmat.primitives.cmac import CMAC  # noqa: PLC0415 -- loads if used

    mac = CMAC(_aes(key))
    mac.update(message)
    return mac.finalize()


def _xcbc(key: bytes, message: bytes) -> bytes:
    """RFC 3566 section 4: a CBC-MAC whose last block is mixed with one of two more keys."""
    from cryptography.hazmat.primitives.ciphers import Cipher  # noqa: PLC0415 -- loads if used
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB  # noqa: PLC0415

    derive = Cipher(_aes(key), ECB()).encryptor()  # noqa: S305 -- one block each, as the RFC has it
    first, full, filled = (derive.update(bytes((number,)) * AES_BLOCK_LEN) for number in (1, 2, 3))
    at = max(len(message) - 1, 0) // AES_BLOCK_LEN * AES_BLOCK_LEN
    last, mask = message[at:], full
    if len(last) < AES_BLOCK_LEN:
        last, mask = (last + b"\x80").ljust(AES_BLOCK_LEN, b"\0"), filled
    mixed = int.from_bytes(last, "big") ^ int.from_bytes(mask, "big")
    chain = Cipher(_aes(first), CBC(bytes(AES_BLOCK_LEN))).encryptor()
    return chain.update(message[:at] + mixed.to_bytes(AES_BLOCK_LEN, "big"))[-AES_BLOCK_LEN:]


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
    "camellia-cbc": _camellia,
}
_ENDS: dict[str, Literal["little", "big"]] = {"md5": "little", "sha1": "big"}
"""The byte order in which a hash writes the length of what it hashed."""
_HMACS = {
    row.name: _hmac(row.hash, row.block_len)
    for row in (*algorithms.AUTHENTICATORS, *algorithms.LATER_AUTHENTICATORS)
    if row.hash and not row.keyed
}
_OTHERS = {"aes-xcbc-mac": _xcbc, "aes-cmac": _cmac, "null": _no_digest} | {
    row.name: _keyed(row.hash, _ENDS[row.hash]) for row in algorithms.AUTHENTICATORS if row.keyed
}


def block_cipher(name: str, key: bytes) -> BlockCipherAlgorithm | None:
    """Make cryptography's algorithm for a key; None for the null cipher, ValueError for a wrong key."""
    make = _MAKERS.get(name)
    return make(key) if make else None


def mac_of(name: str, key: bytes) -> Mac:
    """Find the authenticator's function of a message under a key, before the cut to its ICV."""
    keyed = _HMACS.get(name)
    return keyed(key) if keyed else partial(_OTHERS[name], key)
