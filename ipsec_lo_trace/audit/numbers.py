"""Sequence numbers: which came before, and what the half of an extended one is that does not cross.

RFC 4303 sections 2.2.1 and 3.4.3, and its appendix A2.
"""

from __future__ import annotations

import msgspec

WINDOW_BITS = 1024
"""How far behind the highest number a repeated one is still recognised."""
_MASK = (1 << WINDOW_BITS) - 1
STEP = 2
HALF_BITS = 32
MAX_KNOWN = 4
"""How many halves that a configuration names are tried; a hostile text could name thousands."""
_HALF = 1 << HALF_BITS


class Numbers(msgspec.Struct):
    """The highest number, which of the ``WINDOW_BITS`` below it came, and whether all steps were of two.

    ``steps`` counts how often the highest number rose.
    """

    highest: int = -1
    seen: int = 0
    steps: int = 0
    by_two: bool = True

    def see(self, seq: int) -> str:
        """Take the next number; "replayed", "out-of-order", or "" if it is higher than all before."""
        ahead = seq - self.highest
        if ahead > 0:
            if self.highest < 0:
                self.by_two = seq % STEP == 1
            else:
                self.steps += 1
                self.by_two = self.by_two and ahead == STEP
            self.seen = (self.seen << ahead | 1) & _MASK if ahead < WINDOW_BITS else 1
            self.highest = seq
            return ""
        if -ahead >= WINDOW_BITS:
            return "out-of-order"
        bit = 1 << -ahead
        if self.seen & bit:
            return "replayed"
        self.seen |= bit
        return "out-of-order"

    @property
    def shared(self) -> bool:
        """Whether they went 1, 3, 5: someone else took the numbers between."""
        return self.by_two and self.steps > 0


def high_halves(low: int, highest: int, known: tuple[int, ...]) -> tuple[bytes, ...]:
    """Return the high halves that a number may have whose ``low`` half came, the likeliest first.

    ``highest`` is the highest number so far, -1 for none; ``known`` are halves that the configuration names.
    """
    guesses: list[int] = []
    if highest >= 0:
        high, top = divmod(highest, _HALF)
        near = high + (low + _HALF // 2 < top) - (low > top + _HALF // 2)
        guesses = [near, near + 1]
    guesses += [half + more for half in (*known[:MAX_KNOWN], 0) for more in (0, 1, -1)]
    halves = dict.fromkeys(half for half in guesses if 0 <= half < _HALF)
    return tuple(half.to_bytes(4, "big") for half in halves)
