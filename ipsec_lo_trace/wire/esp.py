"""ESP as bytes: header, padding, trailer, ICV.  RFC 2406; RFC 1827 for the old form."""

from __future__ import annotations

import hmac

from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm, Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ipsec_lo_trace.wire.algorithms import AUTHS, CIPHERS, ICV_LEN

TRAILER_LEN = 2
"""Bytes of pad length and next header."""


class EspTransform:
    """One SA's way of sealing and opening; made once, used for every packet.

    ``header_len`` (SPI, sequence number unless ``old``, IV), ``iv_len``, ``block_len`` and ``icv_len`` (0
    without authentication) are in bytes.
    """

    def __init__(self, cipher: str, enc_key: bytes, auth: str, auth_key: bytes, *, old: bool = False) -> None:
        """Take setkey(8) names, "" for no authentication; ValueError if the cipher cannot use the key."""
        algorithm = CIPHERS[cipher]
        self._algorithm = algorithm.make(enc_key) if algorithm.make else None
        self._digest = AUTHS[auth].digest if auth else None
        self._auth_key = auth_key
        self._fixed_len = 4 if old else 8
        self.iv_len = algorithm.iv_len
        self.block_len = algorithm.block_len
        self.header_len = self._fixed_len + algorithm.iv_len
        self.icv_len = ICV_LEN if auth else 0
        self._decryptor = _decryptor(self._algorithm, self.iv_len) if self._algorithm else None

    def padding_len(self, payload_len: int) -> int:
        """Give the bytes to add behind a payload, pad length and next header included.

        Source: netipsec/xform_esp.c, esp_output.
        """
        blks = self.block_len
        return (blks - (payload_len + TRAILER_LEN) % blks) % blks + TRAILER_LEN

    def seal(
        self, *, spi: int, seq: int, iv: bytes, next_header: int, payload: bytes, padding: bytes
    ) -> bytes:
        """Make the ESP packet, from SPI to ICV; ``padding`` has padding_len() - 2 bytes."""
        from ipsec_lo_trace.wire import build  # noqa: PLC0415 -- scapy loads to seal, not to open

        trailer = build.esp_trailer(len(padding), next_header)
        head = build.esp_header(spi)[:4] + seq.to_bytes(4, "big")
        plain = payload + padding + trailer[-TRAILER_LEN:]
        sealed = head[: self._fixed_len] + iv + self._encrypt(iv, plain)
        return sealed + self._icv(sealed)

    def icv_ok(self, sealed: bytes) -> bool:
        """Tell whether the ICV is right; true without authentication."""
        if self._digest is None:
            return True
        return hmac.compare_digest(self._icv(sealed[:-ICV_LEN]), sealed[-ICV_LEN:])

    def decrypt(self, sealed: bytes) -> bytes:
        """Give payload, padding, pad length and next header; the ICV is not looked at.

        The ciphertext is whole blocks, ValueError if not.
        """
        end = len(sealed) - self.icv_len
        if self._decryptor is None:
            return sealed[self.header_len : end]
        blocks = sealed[self._fixed_len : end]
        if len(blocks) % self.block_len:
            raise ValueError(f"{len(blocks)} bytes are no multiple of {self.block_len}")
        # In CBC a block depends on the block before it and on no other.  So one context serves all packets, a
        # tenth of the cost of a new one: the IV goes in as a block, and what comes out for it is cut off.
        return self._decryptor.update(blocks)[self.iv_len :]

    def _encrypt(self, iv: bytes, plain: bytes) -> bytes:
        if self._algorithm is None:
            return plain
        # Whole blocks go in, so they all come out, and finalize() would have nothing to add.
        return Cipher(self._algorithm, CBC(iv)).encryptor().update(plain)

    def _icv(self, sealed: bytes) -> bytes:
        if self._digest is None:
            return b""
        return self._digest(self._auth_key, sealed)[:ICV_LEN]


def _decryptor(algorithm: BlockCipherAlgorithm, iv_len: int) -> CipherContext:
    return Cipher(algorithm, CBC(bytes(iv_len))).decryptor()


def sequence(sealed: bytes) -> int:
    """Read the sequence number of an ESP packet (not of the old form)."""
    return int.from_bytes(sealed[4:8], "big")
