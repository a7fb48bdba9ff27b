"""Throws that depend on a seed and a case's number alone, on every machine and every Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
THROW_BYTES = 8
"""Bytes of the hash that make one throw: their remainder favours no side by more than 1 in 2**50 here."""


class Dice:
    """The throws of one case, each from a hash of the seed, the case's number and how many came before."""

    def __init__(self, seed: int, case: int) -> None:
        """Take the dice of a case."""
        self._name = f"{seed}/{case}"
        self._thrown = 0

    def below(self, sides: int) -> int:
        """Throw a number from 0 up to, and without, ``sides``."""
        self._thrown += 1
        digest = hashlib.sha256(f"{self._name}/{self._thrown}".encode("ascii")).digest()
        return int.from_bytes(digest[:THROW_BYTES], "big") % sides

    def percent(self, chance: int) -> bool:
        """Tell whether something that happens in ``chance`` of 100 cases happens."""
        return self.below(100) < chance

    def one(self, of: Sequence[T]) -> T:
        """Take one of these, each as likely as the others."""
        return of[self.below(len(of))]
