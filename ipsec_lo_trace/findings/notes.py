"""The findings of a run: each code once, with the first row that shows it and how many echoes do."""

from __future__ import annotations

from ipsec_lo_trace.findings.echo import Echo, Note
from ipsec_lo_trace.model.codes import STALE_CODES
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Finding


class Notes:
    """Gathers what each echo shows, in memory that does not grow with their number."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._first: dict[str, Note] = {}
        self._echoes: dict[str, int] = {}

    def add(self, echo: Echo) -> None:
        """Take in what one echo shows."""
        shown = dict(echo.notes)
        for decision in echo.stale:
            code = QUESTIONS[decision.check.id].stale_code
            if code not in shown:
                shown[code] = Note(decision.row, decision.since, STALE_CODES[code])
        for leak in echo.leaks:
            code = "clear-accepted" if leak.accepted else "clear-text"
            if code not in shown:
                missing = " and ".join(leak.missing)
                shown[code] = Note(leak.row, None, f"{leak.packet} without {missing}")
        if echo.stale_since and not echo.stale:
            text = "a stale mark was carried along and decided nothing"
            shown["stale-carried"] = Note(echo.stale_since, echo.stale_since, text)
        ending = echo.ending
        if ending is not None and ending.decision == "panic":
            shown["panic"] = Note(ending.row, None, ending.text)
        for code, note in shown.items():
            self._first.setdefault(code, note)
            self._echoes[code] = self._echoes.get(code, 0) + 1

    def findings(self) -> list[Finding]:
        """Give every finding, in the order of the rows that first show them."""
        found = [
            Finding(code=code, text=note.text, row=note.row, since=note.since, echoes=self._echoes[code])
            for code, note in self._first.items()
        ]
        return sorted(found, key=lambda finding: (finding.row, finding.code))
