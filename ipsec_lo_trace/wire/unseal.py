"""Open ESP and verify AH as today's kernels make them: every mode, cut and extended sequence number.

RFC 4302, 4303 and those that ``model.algorithms`` names.  Sealing is for the kernel of 2003 (``wire.esp``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from ipsec_lo_trace.model.algorithms import Cipher as Row
from ipsec_lo_trace.model.host import Cut
from ipsec_lo_trace.wire.algorithms import block_cipher, mac_of

Decrypt: TypeAlias = Callable[[bytes], bytes]
"""Take IV and ciphertext, give the plain text with its trailer."""
Open: TypeAlias = Callable[[bytes, bytes], "bytes | None"]
"""Take an ESP packet from SPI to ICV and a high half (b"" or 4 bytes); None if it does not verify."""
SPI_LEN = 4
FIXED_LEN = 8
"""Bytes of SPI and sequence number."""
_FULL_TAG = 16
_COUNTER = b"\0\0\0\1"


def opening(row: Row, key: bytes, cut: Cut | None, auth_key: bytes, fixed_len: int = FIXED_LEN) -> Open:
    """Make what opens an SA's packets; ``fixed_len`` is the header's length before the IV, in bytes.

    ``cut`` is None if nothing authenticates.  ValueError if the cipher cannot use the key.
    """
    if row.icv_lens:
        return _combined(row, key, cut.icv_len if cut else _FULL_TAG)
    decrypt = _decrypting(row, key)
    if cut is None:
        return lambda sealed, _high: decrypt(sealed[fixed_len:])
    mac, icv_len = mac_of(cut.auth, auth_key), cut.icv_len

    def open_(sealed: bytes, high: bytes) -> bytes | None:
        message, icv = sealed[:-icv_len], sealed[-icv_len:]
        # Nobody waits for the answer who could learn from its time.
        if mac(message + high)[:icv_len] != icv:
            return None
        return decrypt(message[fixed_len:])

    return open_


def _decrypting(row: Row, key: bytes) -> Decrypt:
    if row.mode == "ctr":
        return _counting(row, key)
    made = block_cipher(row.name, key)
    if made is None:
        return lambda text: text
    decryptor, iv_len, block_len = (
        Cipher(made, modes.CBC(bytes(row.iv_len))).decryptor(),
        row.iv_len,
        row.block_len,
    )

    def decrypt(text: bytes) -> bytes:
        if len(text) % block_len:
            raise ValueError(f"{len(text)} bytes are no multiple of {block_len}")
        # In CBC a block depends on the block before it and on no other.  So one context serves all packets, a
        # tenth of the cost of a new one: the IV goes in as a block, and what comes out for it is cut off.
        return decryptor.update(text)[iv_len:]

    return decrypt


def _counting(row: Row, key: bytes) -> Decrypt:
    """RFC 3686 section 4: nonce, IV and a counter that begins at 1."""
    algorithm, nonce = AES(key[: -row.nonce_len]), key[-row.nonce_len :]

    def decrypt(text: bytes) -> bytes:
        counter = nonce + text[: row.iv_len] + _COUNTER
        return Cipher(algorithm, modes.CTR(counter)).decryptor().update(text[row.iv_len :])

    return decrypt


def _combined(row: Row, key: bytes, tag_len: int) -> Open:
    """RFC 4106, 4309, 4543, 7634: SPI and sequence number are authenticated too, an extended one whole."""
    base, nonce, iv_len = key[: -row.nonce_len], key[-row.nonce_len :], row.iv_len
    verify = _verifying(row.mode, base, tag_len)

    def open_(sealed: bytes, high: bytes) -> bytes | None:
        iv, rest = sealed[FIXED_LEN : FIXED_LEN + iv_len], sealed[FIXED_LEN + iv_len :]
        aad = sealed[:SPI_LEN] + high + sealed[SPI_LEN:FIXED_LEN]
        try:
            return verify(nonce + iv, rest, aad)
        except InvalidTag:
            return None

    def open_authenticated(sealed: bytes, high: bytes) -> bytes | None:
        iv, plain = sealed[FIXED_LEN : FIXED_LEN + iv_len], sealed[FIXED_LEN + iv_len : -tag_len]
        aad = sealed[:SPI_LEN] + high + sealed[SPI_LEN:FIXED_LEN] + iv + plain
        try:
            verify(nonce + iv, sealed[-tag_len:], aad)
        except InvalidTag:
            return None
        return plain

    return open_authenticated if row.mode == "gmac" else open_


def _verifying(mode: str, key: bytes, tag_len: int) -> Callable[[bytes, bytes, bytes], bytes]:
    """Give what takes nonce, ciphertext with its tag and additional data; it raises InvalidTag."""
    if mode == "ccm":
        return AESCCM(key, tag_len).decrypt
    if mode == "chacha20-poly1305":
        return ChaCha20Poly1305(key).decrypt
    if tag_len == _FULL_TAG:
        return AESGCM(key).decrypt
    algorithm = AES(key)

    def decrypt(nonce: bytes, text: bytes, aad: bytes) -> bytes:
        tag = text[-tag_len:]
        decryptor = Cipher(algorithm, modes.GCM(nonce, tag, min_tag_length=tag_len)).decryptor()
        decryptor.authenticate_additional_data(aad)
        return decryptor.update(text[:-tag_len]) + decryptor.finalize()

    return decrypt
