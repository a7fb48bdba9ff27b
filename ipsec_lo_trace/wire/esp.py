"""ESP as bytes: header, padding, trailer, ICV.  RFC 2406; RFC 1827 for the old form."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from ipsec_lo_trace.wire.algorithms import CIPHERS, ICV_LEN, block_cipher, mac_of

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
        made = block_cipher(cipher, enc_key)
        self._mac = mac_of(auth, auth_key) if auth else None
        self._fixed_len = 4 if old else 8
        self.iv_len = algorithm.iv_len
        self.block_len = algorithm.block_len
        self.header_len = self._fixed_len + algorithm.iv_len
        self.icv_len = ICV_LEN if auth else 0
        zeros = CBC(bytes(algorithm.iv_len))
        self._encryptor = Cipher(made, zeros).encryptor() if made else None
        self._decryptor = Cipher(made, zeros).decryptor() if made else None
        self._chained = 0

    def padding_len(self, payload_len: int) -> int:
        """Return the bytes to add behind a payload, pad length and next header included.

        Source: netipsec/xform_esp.c, esp_output.
        """
        blks = self.block_len
        return (blks - (payload_len + TRAILER_LEN) % blks) % blks + TRAILER_LEN

    def seal(
        self, *, spi: int, seq: int, iv: bytes, next_header: int, payload: bytes, padding: bytes
    ) -> bytes:
        """Seal a payload into an ESP packet, from SPI to ICV; ``padding`` has padding_len() - 2 bytes.

        ValueError if that makes no whole blocks.
        """
        from ipsec_lo_trace.wire import build  # noqa: PLC0415 -- scapy loads to seal, not to open

        trailer = build.esp_trailer(len(padding), next_header)
        head = build.esp_header(spi)[:4] + seq.to_bytes(4, "big")
        plain = payload + padding + trailer[-TRAILER_LEN:]
        sealed = head[: self._fixed_len] + iv + self._encrypt(iv, plain)
        return sealed + self._icv(sealed)

    def icv_ok(self, sealed: bytes) -> bool:
        """Tell whether the ICV is right; true without authentication."""
        if self._mac is None:
            return True
        return hmac.compare_digest(self._icv(sealed[:-ICV_LEN]), sealed[-ICV_LEN:])

    def decrypt(self, sealed: bytes) -> bytes:
        """Return payload, padding, pad length and next header; the ICV is not looked at.

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
        blks = self.block_len
        if len(plain) % blks:
            raise ValueError(f"{len(plain)} bytes are no multiple of {blks}")
        if self._encryptor is None:
            return plain
        # CBC mixes a block with the ciphertext before it.  So one context serves all packets, a third of the
        # cost of a new one: what it mixes into the first block is taken out beforehand, and the IV put in.
        first = int.from_bytes(plain[:blks], "big") ^ int.from_bytes(iv, "big") ^ self._chained
        sealed = self._encryptor.update(first.to_bytes(blks, "big") + plain[blks:])
        self._chained = int.from_bytes(sealed[-blks:], "big")
        return sealed

    def _icv(self, sealed: bytes) -> bytes:
        if self._mac is None:
            return b""
        return self._mac(sealed)[:ICV_LEN]


def sequence(sealed: bytes) -> int:
    """Read the sequence number of an ESP packet (not of the old form)."""
    return int.from_bytes(sealed[4:8], "big")


def derive_bytes(seed: int, spi: int, seq: int, length: int) -> bytes:
    """Derive ``length`` bytes (an IV, or random padding) from the run's seed, an SPI and a number.

    They look random and are not: the same three give the same bytes everywhere.
    """
    base = b"%d/%d/%d/" % (seed, spi, seq)
    derived = hashlib.sha256(base).digest()
    block = 1
    while len(derived) < length:
        derived += hashlib.sha256(base + b"%d" % block).digest()
        block += 1
    return derived[:length]
