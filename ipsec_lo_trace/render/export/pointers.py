"""The rows that a verdict points at."""

from __future__ import annotations

from ipsec_lo_trace.model.trace import Verdict

NAMES = ("cause", "effect", "seen", "unseen")


def pointed(verdict: Verdict) -> dict[str, int]:
    """Give the row of each name that has one."""
    rows = {name: getattr(verdict, name) for name in NAMES}
    return {name: row for name, row in rows.items() if row is not None}


def pointers(verdict: Verdict) -> dict[int, str]:
    """Give the names of each row that has some, in capitals."""
    named: dict[int, list[str]] = {}
    for name, row in pointed(verdict).items():
        named.setdefault(row, []).append(name.upper())
    return {row: ", ".join(names) for row, names in named.items()}
