"""The findings of a run: each code once, with the first row that shows it and how many echoes do."""

from __future__ import annotations

from ipsec_lo_trace.findings.echo import Echo, Note
from ipsec_lo_trace.model.codes import STALE_CODES
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Finding

CARRIED = "a stale mark was carried along and decided nothing"


class Notes:
    """Gathers what each echo shows, in memory that does not grow with their number."""

    def __init__(self) -> None:
        """Start with nothing found."""
        self._first: dict[str, Note] = {}
        self._echoes: dict[str, int] = {}

    def add(self, echo: Echo) -> None:
        """Take in what one echo shows; a finding is put into words for the first echo alone."""
        shown = set(echo.notes)
        for code in shown - self._first.keys():
            self._first[code] = echo.notes[code]
        for decision in echo.stale:
            code = QUESTIONS[decision.check.id].stale_code
            shown.add(code)
            if code not in self._first:
                self._first[code] = Note(decision.row, decision.since, STALE_CODES[code])
        for leak in echo.leaks:
            code = "clear-accepted" if leak.accepted else "clear-text"
            shown.add(code)
            if code not in self._first:
                missing = " and ".join(leak.missing)
                self._first[code] = Note(leak.row, None, f"{leak.packet} without {missing}")
        if echo.stale_since and not echo.stale:
            shown.add("stale-carried")
            self._first.setdefault("stale-carried", Note(echo.stale_since, echo.stale_since, CARRIED))
        ending = echo.ending
        if ending is not None and ending.decision == "panic":
            shown.add("panic")
            self._first.setdefault("panic", Note(ending.row, None, ending.text))
        for code in shown:
            self._echoes[code] = self._echoes.get(code, 0) + 1

    def findings(self) -> list[Finding]:
        """Return every finding, in the order of the rows that first show them."""
        found = [
            Finding(code=code, text=note.text, row=note.row, since=note.since, echoes=self._echoes[code])
            for code, note in self._first.items()
        ]
        return sorted(found, key=lambda finding: (finding.row, finding.code))
