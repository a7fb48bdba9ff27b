"""Bytes that look random and are not: the same seed, SPI and number give the same bytes everywhere."""

from __future__ import annotations

import hashlib


def derive_bytes(seed: int, spi: int, seq: int, length: int) -> bytes:
    """Derive ``length`` bytes (an IV, or random padding) from the run's seed, an SPI and a number."""
    base = b"%d/%d/%d/" % (seed, spi, seq)
    derived = hashlib.sha256(base).digest()
    block = 1
    while len(derived) < length:
        derived += hashlib.sha256(base + b"%d" % block).digest()
        block += 1
    return derived[:length]
