"""The verdict: the result of a run, which is the worst of its echoes, and everything that it showed."""

from __future__ import annotations

from ipsec_lo_trace.findings.crossings import Crossings
from ipsec_lo_trace.findings.echo import LOOUTPUT, WATCHED, Echo, Note, crosses_lo0
from ipsec_lo_trace.findings.explain import CLEAN, UNPROTECTED, Outcome, explain, unanswered
from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.model.codes import OUTCOMES, STALE_CODES
from ipsec_lo_trace.model.packet_name import FLUSH, REQUEST
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import PING, SOCKET, Finding, Run, Step, Verdict

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


SEVERITY = tuple(OUTCOMES)


class Judge:
    """Sees every row of a run once, in order, and gives the verdict at the end.

    An echo of a ping is over when its request or reply is dropped, or its reply delivered; an exchange of a
    probe, which may have many packets, when the next one begins.  A flush probe is no part of any: its socket
    asks for no protection, and nobody waits for it.
    """

    def __init__(self, run: Run) -> None:
        """Take the run record: its policies say what protection was due."""
        self._run = run
        self._referee = Referee(run)
        self._echoes: dict[int, Echo] = {}
        self._worst = CLEAN
        self._unanswered: Outcome | None = None
        self._notes = Notes()
        self._leaks = 0
        self._protected = False
        self.crossings = Crossings()

    def see(self, steps: list[Step]) -> None:
        """Take rows into account, in their order."""
        echoes, referee = self._echoes, self._referee
        for step in steps:
            if step.stage == LOOUTPUT and crosses_lo0(step):
                self.crossings.add(step)
            if step.packet == FLUSH:
                continue
            echo = echoes.get(step.echo)
            if echo is None:
                echo = self._begun(step.echo)
            elif not (step.checks or step.packet != echo.packet or step.stage in WATCHED or step.reason):
                continue
            echo.see(step, referee)
            if echo.ending is step and self._over(step):
                del echoes[step.echo]
                self._close(echo)

    def _begun(self, number: int) -> Echo:
        """Begin an echo; an exchange of a probe is over when the next one begins."""
        if self._run.program != PING:
            self._close_all()
        echo = self._echoes[number] = Echo()
        return echo

    def _over(self, ending: Step) -> bool:
        """Tell whether nothing follows: a request that reached a process has its answer to come."""
        return self._run.program == PING and (bool(ending.reason) or ending.packet != REQUEST)

    def _close_all(self) -> None:
        for echo in self._echoes.values():
            self._close(echo)
        self._echoes.clear()

    def _close(self, echo: Echo) -> None:
        outcome = outcome_of(echo, ping=self._run.program == PING)
        self._notes.add(echo)
        self._leaks += outcome == "leak"
        self._protected = self._protected or not unprotected(echo)
        if self._unanswered is None and not _delivered(echo):
            self._unanswered = unanswered(echo)
        if SEVERITY.index(outcome) > SEVERITY.index(self._worst.outcome):
            self._worst = explain(echo, outcome, self._run)

    def verdict(self, *, sent: int, received: int, errno: str, counters: dict[str, int]) -> Verdict:
        """Sum the run up; ``errno`` is that of a system call that failed, "" if none did."""
        self._close_all()
        worst = self._sum(lost=received < sent)
        return Verdict(
            outcome=worst.outcome,
            code=worst.code,
            text=worst.text,
            ping="error" if errno else "ok" if received == sent else "loss",
            errno=errno or None,
            sent=sent,
            received=received,
            leaks=self._leaks,
            cause=worst.cause,
            effect=worst.effect,
            seen=worst.seen,
            unseen=worst.unseen,
            reasons=worst.reasons or {},
            fix=worst.fix,
            findings=self._notes.findings(),
            lo0=[],
            counters=dict(sorted(counters.items())),
        )

    def _sum(self, *, lost: bool) -> Outcome:
        """Give the worst outcome; that a probe got no answer is known only now."""
        if (
            lost
            and self._run.program != PING
            and SEVERITY.index(self._worst.outcome) < SEVERITY.index("lost")
        ):
            return self._unanswered or unanswered(Echo())
        return UNPROTECTED if self._worst is CLEAN and not self._protected else self._worst


def outcome_of(echo: Echo, *, ping: bool) -> str:
    """Give one echo's outcome; whether a probe was answered its program knows, not its rows."""
    ending = echo.ending
    if ending is not None and ending.decision == "panic":
        return "panic"
    if ending is not None and ending.reason == "loop":
        return "loop"
    if echo.leaks:
        return "leak"
    if echo.failed is not None:
        return "error"
    if ping and not _delivered(echo):
        return "lost"
    return "stale" if echo.stale else "clean"


def _delivered(echo: Echo) -> bool:
    return echo.ending is not None and echo.ending.to.startswith(SOCKET)


def unprotected(echo: Echo) -> bool:
    """Tell whether everything that crossed lo0 for this echo was in clear."""
    return bool(echo.arrived) and not any(borne & {"esp", "ah", "ipcomp"} for borne in echo.arrived.values())
