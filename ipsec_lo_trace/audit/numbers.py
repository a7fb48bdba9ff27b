"""The sequence numbers of one SA as they came by.  RFC 2402 section 3.4.3; RFC 2406 section 3.4.3."""

from __future__ import annotations

import msgspec

WINDOW_BITS = 1024
"""How far behind the highest number a repeated one is still recognised."""
_MASK = (1 << WINDOW_BITS) - 1
STEP = 2


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
        bit = 1 << -ahead
        if self.seen & bit:
            return "replayed"
        if bit <= _MASK:
            self.seen |= bit
        return "out-of-order"

    @property
    def shared(self) -> bool:
        """Whether they went 1, 3, 5: someone else took the numbers between."""
        return self.by_two and self.steps > 0
