"""What was found so far: how often, and where first."""

from __future__ import annotations

from collections.abc import Iterable

from ipsec_lo_trace.model.audit import AUDIT_CODES, AUDIT_FIXES, AuditCount, AuditFinding, weight

MAX_DETAILS = 256
OTHERS = "others"
NO_SWITCH = ("policy-not-applied", "IPv6")
"""What Linux has no switch for: IPv6 is protected on lo by default."""


class Tally:
    """Findings by code, and within a code by SA or address where that tells more.

    ``crowded`` says that some code had more details than are kept apart.
    """

    def __init__(self, counts: Iterable[AuditCount] = ()) -> None:
        """Begin with what was counted already."""
        self._found: dict[tuple[str, str], list[int]] = {}
        self._details: dict[str, int] = {}
        self.crowded = False
        for count in counts:
            self._take(count)

    def _take(self, count: AuditCount) -> None:
        self.add(count.code, count.first, count.detail, count.packets)
        found = self._found.get((count.code, count.detail)) or self._found[count.code, OTHERS]
        found[0] = min(found[0], count.first)

    def add(self, code: str, number: int, detail: str = "", packets: int = 1) -> None:
        """Note that packet ``number`` shows ``code``."""
        found = self._found.get((code, detail))
        if found is None:
            found = self._new(code, detail, number)
        found[1] += packets

    def _new(self, code: str, detail: str, number: int) -> list[int]:
        kept = self._details[code] = self._details.get(code, 0) + 1
        if kept > MAX_DETAILS:
            self.crowded = True
            return self._found.setdefault((code, OTHERS), [number, 0])
        return self._found.setdefault((code, detail), [number, 0])

    def merge(self, codes: tuple[str, ...], other: str, detail: str) -> None:
        """Call what was found of ``detail`` under some codes by one other code."""
        found = [one for code in codes if (one := self._found.pop((code, detail), None))]
        if found:
            first = min(first for first, _packets in found)
            self._found[other, detail] = [first, sum(packets for _first, packets in found)]

    def counts(self) -> list[AuditCount]:
        """Return all of them as they were counted."""
        return [AuditCount(code, detail, *found) for (code, detail), found in sorted(self._found.items())]

    def findings(self) -> list[AuditFinding]:
        """Return all of them, the most telling code first."""
        order = list(AUDIT_CODES)
        found = sorted(
            self._found.items(), key=lambda item: (order.index(item[0][0]), item[1][0], item[0][1])
        )
        return [
            AuditFinding(
                code=code,
                weight=weight(code),
                text=f"{detail}: {AUDIT_CODES[code]}" if detail else AUDIT_CODES[code],
                first=first,
                packets=packets,
                fix="" if (code, detail) == NO_SWITCH else AUDIT_FIXES.get(code, ""),
            )
            for (code, detail), (first, packets) in found
        ]
