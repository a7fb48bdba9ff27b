"""The verdict: what a run came to, with the rows that caused it, showed it and let it pass."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.findings.crossings import Crossings
from ipsec_lo_trace.findings.echo import LOOUTPUT, SOCKET_PREFIX, WATCHED, Echo, Leak, StaleDecision
from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.model.codes import OUTCOMES, STALE_CODES
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Run, Step, Verdict

SEVERITY = tuple(OUTCOMES)

FLAG_QUESTIONS = ("gate-1-flag", "gate-2-flag", "encap")


class Outcome(msgspec.Struct):
    """One echo's outcome with its place in the trace; rows are None where there is none."""

    outcome: str
    code: str
    text: str
    cause: int | None = None
    effect: int | None = None
    seen: int | None = None
    unseen: int | None = None
    reasons: dict[str, str] | None = None
    fix: str = ""


CLEAN = Outcome("clean", "clean", "protected as the policies ask, and no stale mark decided anything")


UNPROTECTED = Outcome(
    "clean", "no-policy", "no policy asks for protection: everything crossed lo0 in clear, as it should"
)


class Judge:
    """Sees every row of a run once, in order, and gives the verdict at the end."""

    def __init__(self, run: Run) -> None:
        """Take the run record: its policies say what protection was due."""
        self._run = run
        self._referee = Referee(run)
        self._echoes: dict[int, Echo] = {}
        self._worst = CLEAN
        self._leaks = 0
        self._protected = False
        self.crossings = Crossings()

    def see(self, step: Step) -> None:
        """Take one row into account."""
        echo = self._echoes.get(step.echo)
        if echo is None:
            echo = self._echoes[step.echo] = Echo()
        elif not (step.checks or step.packet != echo.packet or step.stage in WATCHED or step.reason):
            return
        if step.stage == LOOUTPUT and step.to:
            self.crossings.add(step)
        echo.see(step, self._referee)
        if echo.ending is not None:
            del self._echoes[step.echo]
            self._close(echo)

    def _close(self, echo: Echo) -> None:
        outcome = outcome_of(echo)
        self._leaks += outcome == "leak"
        self._protected = self._protected or not unprotected(echo)
        if SEVERITY.index(outcome) > SEVERITY.index(self._worst.outcome):
            self._worst = explain(echo, outcome, self._run)

    def verdict(self, *, sent: int, received: int, errno: str, counters: dict[str, int]) -> Verdict:
        """Sum the run up; ``errno`` is that of a sendto that failed, "" if none did."""
        for echo in self._echoes.values():
            self._close(echo)
        self._echoes.clear()
        worst = UNPROTECTED if self._worst is CLEAN and not self._protected else self._worst
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
            lo0=[],
            counters=dict(sorted(counters.items())),
        )


def outcome_of(echo: Echo) -> str:
    """Give one echo's outcome."""
    ending = echo.ending
    if ending is not None and ending.decision == "panic":
        return "panic"
    if echo.leaks:
        return "leak"
    if ending is not None and ending.returned is not None:
        return "error"
    if ending is None or not ending.to.startswith(SOCKET_PREFIX):
        return "lost"
    return "stale" if echo.stale else "clean"


def unprotected(echo: Echo) -> bool:
    """Tell whether everything that crossed lo0 for this echo was in clear."""
    return bool(echo.arrived) and not any(borne & {"esp", "ah"} for borne in echo.arrived.values())


def explain(echo: Echo, outcome: str, run: Run) -> Outcome:
    """Say why an echo came out so, and where."""
    ending = echo.ending
    if outcome == "leak":
        return _leaked(echo, run)
    if outcome == "stale":
        return _stale(echo.stale[0], run)
    if ending is None:
        text = "no reply came, and nothing was dropped: the packet is still waiting"
        return Outcome("lost", "no-reply", text)
    return _ended(outcome, ending)


def _ended(outcome: str, ending: Step) -> Outcome:
    moved = ", ".join(sorted(ending.counters)) or "no counter moved"
    reasons = {"effect": ending.text, "seen": f"{ending.stage} ends it: {moved}"}
    seen = ending.row
    return Outcome(outcome, ending.reason, ending.text, effect=ending.row, seen=seen, reasons=reasons)


def _stale(decision: StaleDecision, run: Run) -> Outcome:
    check = decision.check
    mark = check.mark.name if check.mark else ""
    reasons = {
        "cause": f"the request's {mark} stayed on the mbuf that became the reply",
        "effect": STALE_CODES[QUESTIONS[check.id].stale_code],
    }
    return Outcome(
        "stale",
        QUESTIONS[check.id].stale_code,
        f"no clear text, but a stale {mark} decided a question in {decision.stage}",
        cause=decision.since,
        effect=decision.row,
        reasons=reasons,
        fix=_fix(run, check.id),
    )


def _leaked(echo: Echo, run: Run) -> Outcome:
    leak = echo.leaks[0]
    decision = _responsible(echo, leak)
    ending = echo.ending
    delivered = ending is not None and ending.to.startswith(SOCKET_PREFIX)
    reasons: dict[str, str] = {}
    outcome = Outcome("leak", "clear-text", _leak_text(leak, ending), effect=leak.row, reasons=reasons)
    if decision is not None:
        check = decision.check
        mark = check.mark
        name, owner = (mark.name, mark.made_for) if mark else ("", "")
        outcome.code = QUESTIONS[check.id].stale_code
        outcome.cause, outcome.effect = decision.since, decision.row
        reasons["cause"] = f"{owner}'s {name} stayed on the mbuf that became {leak.packet}"
        reasons["effect"] = STALE_CODES[QUESTIONS[check.id].stale_code]
        outcome.fix = _fix(run, check.id)
    if ending is not None and delivered:
        outcome.unseen = ending.row
        reasons["unseen"] = _unseen(echo, ending)
    elif ending is not None:
        outcome.seen = ending.row
        reasons["seen"] = ending.text
    return outcome


def _responsible(echo: Echo, leak: Leak) -> StaleDecision | None:
    """Find the stale decision behind a leak: the flag that let it in, or the tag that let it out."""
    if leak.accepted:
        found = [stale for stale in echo.stale if stale.check.id in FLAG_QUESTIONS]
        found = found or [stale for stale in echo.stale if stale.check.id == "gate-1-tag"]
    else:
        found = [
            stale for stale in echo.stale if stale.check.id == "loop-detection" and stale.row <= leak.row
        ]
    return found[-1] if found else None


def _leak_text(leak: Leak, ending: Step | None) -> str:
    what = "request" if leak.packet == "P1" else "reply"
    missing = " and ".join(leak.missing)
    if leak.accepted:
        return f"the {what} was accepted without {missing}, which the inbound policy requires"
    if ending is None or not ending.to.startswith(SOCKET_PREFIX):
        return (
            f"the {what} crossed lo0 without {missing}, which the outbound policy requires; ping got no reply"
        )
    return (
        f"the {what} crossed lo0 without {missing}, which the outbound policy requires; ping reports success"
    )


def _unseen(echo: Echo, ending: Step) -> str:
    for stale in echo.stale:
        if stale.row == ending.row and stale.check.mark:
            return f'a stale {stale.check.mark.name} satisfied "require"; no counter moved'
    return "no inbound policy asked for more; no counter moved"


def _fix(run: Run, question: str) -> str:
    if run.fix != "none":
        return "the fix of 2003 does not reach it: it strips tags and leaves the mbuf flags"
    if question in FLAG_QUESTIONS:
        return "none here: the fix of 2003 strips tags and leaves the mbuf flags"
    return "strip the tags in icmp_reflect (--patched)"
