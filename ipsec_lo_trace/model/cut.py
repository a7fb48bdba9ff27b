"""An experiment on the marks of a packet: what would have happened without them?"""

from __future__ import annotations

import msgspec


class Cut(msgspec.Struct, frozen=True):
    """Delete ``marks`` after the ``visit``-th time that an echo comes to ``stage``; 0 means every time."""

    marks: str
    stage: str
    visit: int = 0

    def __str__(self) -> str:
        return f"{self.marks}@{self.stage}" + (f":{self.visit}" if self.visit else "")
