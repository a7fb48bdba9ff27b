"""Why an echo came out as it did, and where: the words and rows of a verdict."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.findings.echo import LEAVING, Echo, Leak, StaleDecision
from ipsec_lo_trace.fixes.fix import PATCHED, UNPATCHED
from ipsec_lo_trace.model.codes import STALE_CODES
from ipsec_lo_trace.model.packet_name import REPLY, REQUEST, packet_name
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import PING, SOCKET, Run, Step

FLAG_QUESTIONS = ("gate-1-flag", "gate-2-flag", "encap")
MAKERS = {
    "ip_forward": "forwarded packet",
    "icmp_error": "ICMP error",
    "tcp_respond": "TCP answer",
    "syn_cache_respond": "SYN-ACK",
}
"""What a packet is that these stages make; others make a reply."""
NO_REPLY = "no reply came, and nothing was dropped: the packet is still waiting"


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


def explain(echo: Echo, outcome: str, run: Run) -> Outcome:
    """Say why an echo came out so, and where."""
    ending = echo.failed if outcome == "error" else echo.ending
    if outcome == "leak":
        return _leaked(echo, run)
    if outcome == "stale":
        return _stale(echo, run)
    if ending is None:
        return unanswered(echo)
    return _ended(outcome, ending)


def unanswered(echo: Echo) -> Outcome:
    """Say why no answer came, as far as the last row tells."""
    if echo.ending is None or not echo.ending.reason:
        return Outcome("lost", "no-reply", NO_REPLY)
    return _ended("lost", echo.ending)


def _ended(outcome: str, ending: Step) -> Outcome:
    moved = ", ".join(sorted(ending.counters)) or "no counter moved"
    reasons = {"effect": ending.text, "seen": f"{ending.stage} ends it: {moved}"}
    seen = ending.row
    return Outcome(outcome, ending.reason, ending.text, effect=ending.row, seen=seen, reasons=reasons)


def _stale(echo: Echo, run: Run) -> Outcome:
    decision = echo.stale[0]
    check = decision.check
    mark, made_for = (check.mark.name, check.mark.made_for) if check.mark else ("", "")
    owner = "the request's" if made_for == REQUEST else f"{made_for}'s"
    became = named(decision.packet, echo.made_by.get(decision.packet, ""))
    reasons = {
        "cause": f"{owner} {mark} stayed on the mbuf that became the {became}",
        "effect": STALE_CODES[QUESTIONS[check.id].stale_code],
    }
    return Outcome(
        "stale",
        QUESTIONS[check.id].stale_code,
        f"no clear text, but a stale {mark} decided a question in {decision.stage}",
        cause=decision.since,
        effect=decision.row,
        reasons=reasons,
        fix=_fix(run, check.id, echo),
    )


def _leaked(echo: Echo, run: Run) -> Outcome:
    leak = echo.leaks[0]
    decision = _responsible(echo, leak)
    ending = echo.ending
    delivered = ending is not None and ending.to.startswith(SOCKET)
    reasons: dict[str, str] = {}
    outcome = Outcome(
        "leak",
        "clear-text",
        _leak_text(leak, ending, run, echo.made_by.get(leak.packet, "")),
        effect=leak.row,
        reasons=reasons,
    )
    if decision is not None:
        check = decision.check
        mark = check.mark
        name, owner = (mark.name, mark.made_for) if mark else ("", "")
        outcome.code = QUESTIONS[check.id].stale_code
        outcome.cause, outcome.effect = decision.since, decision.row
        reasons["cause"] = f"{owner}'s {name} stayed on the mbuf that became {leak.packet}"
        reasons["effect"] = STALE_CODES[QUESTIONS[check.id].stale_code]
        outcome.fix = _fix(run, check.id, echo)
    elif not leak.accepted and leak.packet not in echo.consulted:
        outcome.code, outcome.text = "policy-not-asked", f"{outcome.text}: nobody asked for its policy"
    if ending is not None and delivered and ending.stage not in LEAVING:
        outcome.unseen = ending.row
        reasons["unseen"] = _unseen(echo, ending)
    elif ending is not None and ending.reason:
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


def named(packet: str, made_by: str) -> str:
    """Say what a packet is."""
    if packet_name(packet).part:
        return f"copy {packet}"
    if packet == REQUEST:
        return "request"
    return MAKERS.get(made_by) or ("reply" if packet == REPLY else f"packet {packet}")


def _leak_text(leak: Leak, ending: Step | None, run: Run, made_by: str) -> str:
    what = named(leak.packet, made_by)
    missing = " and ".join(leak.missing)
    if leak.accepted:
        return f"the {what} was accepted without {missing}, which the inbound policy requires"
    text = f"the {what} {leak.place} without {missing}, which the outbound policy requires"
    if run.program != PING:
        return text
    delivered = ending is not None and ending.to.startswith(SOCKET)
    return f"{text}; ping {'reports success' if delivered else 'got no reply'}"


def _unseen(echo: Echo, ending: Step) -> str:
    for stale in echo.stale:
        if stale.row == ending.row and stale.check.mark:
            return f'a stale {stale.check.mark.name} satisfied "require"; nothing counts it'
    return "no inbound policy asked for more; nothing counts it"


def _fix(run: Run, question: str, echo: Echo) -> str:
    """Say what would help; the mark came along where the packet that bears it was made."""
    if question in FLAG_QUESTIONS:
        return (
            "clear the flags at lo0 too (--fix strict): the fix of 2003 strips tags and leaves the mbuf flags"
        )
    short = "" if run.fix == UNPATCHED else f"{run.fix} does not reach it"
    if run.fix not in (UNPATCHED, PATCHED):
        return short
    reused = set(echo.made_by.values())
    if "tcp_respond" in reused:
        more = "strip the tags at lo0 (--fix netbsd-2.0): tcp_respond used the mbuf again, not icmp_reflect"
    elif "ip_forward" in reused:
        more = "strip the tags at lo0 (--fix netbsd-2.0): it is then lost in the tunnel instead"
    else:
        more = "" if short else "strip the tags in icmp_reflect (--patched)"
    return "; ".join(filter(None, (short, more)))
