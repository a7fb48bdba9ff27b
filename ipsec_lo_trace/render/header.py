"""The lines above a timeline (what ran) and below it (the result)."""

from __future__ import annotations

from collections.abc import Iterator

from ipsec_lo_trace.model.trace import PING, REPLAY, Run, Verdict
from ipsec_lo_trace.render.facts import DIR_COLUMNS, ends_words, origin_words, policy_words, sa_words
from ipsec_lo_trace.render.styles import Line, outcome_style

LABEL_COLUMNS = 8


def labelled(label: str, style: str = "") -> Line:
    """Begin a line with a label, continuation lines indented under its text."""
    return Line(f"{label:<{LABEL_COLUMNS}}", hang=LABEL_COLUMNS, style=style)


def header_lines(run: Run, *, assumptions: bool) -> Iterator[Line]:
    """Say what was run: packets, kernel, fix, policies, SAs and on how many assumptions it rests."""
    many = f"{run.requests} requests" if run.requests > 1 else "1 request"
    at_once = run.at_once
    ahead = f", the first {at_once} at once" if at_once > 1 else ""
    ping = run.program == PING
    ident = f"id 0x{run.ident:04x}, " if ping else ""
    data = f"{run.size} data bytes, " if ping or run.size else ""
    what = f"{ident}{data}{many}{ahead}"
    if run.program == REPLAY:
        what = f"{run.count} packets, each in a fresh mbuf at lo0; the first is this one"
    yield labelled("kernel").say(f"{run.kernel} FAST_IPSEC, fix {run.fix} ({run.chosen})")
    of = run.probe or run.capture
    named = f"{of}, " if of else ""
    yield labelled(run.program).say(f"{named}{run.src} -> {run.dst} on {run.interface}, {what}")
    if run.knobs:
        yield labelled("set").say(", ".join(run.knobs))
    yield from unusual_lines(run)
    yield labelled("config").glue(origin_words(run))
    for cut in run.what_if:
        yield labelled("what if").glue(cut).say("is deleted, which no kernel does")
    for policy in [policy_words(policy, DIR_COLUMNS) for policy in run.policies] or ["none"]:
        yield labelled("policy").say(policy)
    for sa in map(sa_words, run.sas) if run.sas else ("none",):
        yield labelled("SA").say(sa)
    if not assumptions:
        yield labelled("assumed").say(
            f"{len(run.assumptions)} things that a real kernel may differ in; -v lists them"
        )
        return
    for assumption in run.assumptions:
        yield labelled("assumed").say(assumption)


def unusual_lines(run: Run) -> Iterator[Line]:
    """Say what of the ends, the programs and their turns is not as usual."""
    if run.ends:
        yield labelled("ends").say(ends_words(run))
    if run.pinger == "plain":
        yield labelled("sent by").say("a plain program, which lets the kernel write the IP header")
    if run.both_ways:
        yield labelled("sent by").say(f"two pings: even echoes go from {run.dst} to {run.src}")
    if run.schedule != "fifo":
        yield labelled("schedule").say(run.schedule)
    if run.reflector != "kernel":
        yield labelled("answers").say("a process in user space, not the kernel")


def verdict_line(verdict: Verdict) -> Line:
    """Give the verdict in one line."""
    line = Line("VERDICT ", hang=LABEL_COLUMNS, style="heading")
    line.glue(verdict.outcome.upper(), outcome_style(verdict.outcome)).say(f"({verdict.code}) {verdict.text}")
    return line


def verdict_lines(run: Run, verdict: Verdict) -> Iterator[Line]:
    """State the result of the run, with the rows that show it, and what to try next."""
    yield verdict_line(verdict)
    places = {
        "cause": verdict.cause,
        "effect": verdict.effect,
        "seen": verdict.seen,
        "unseen": verdict.unseen,
    }
    for name, row in places.items():
        if row is not None:
            yield labelled(f" {name}").refer([row], after=":").say(verdict.reasons.get(name, verdict.text))
    if verdict.fix:
        yield labelled(" fix").say(verdict.fix)
    also = [finding for finding in verdict.findings if finding.code != verdict.code]
    if also:
        line = labelled(" also")
        for finding in also:
            comma = "," if finding is not also[-1] else ""
            line.say(finding.code).refer([finding.row], before="(", after=f"){comma}")
        yield line
    errno = f", sendto fails with {verdict.errno}" if verdict.errno else ""
    done = "taken in" if run.program == REPLAY else "answered"
    yield labelled(f" {run.program}").say(
        f"{verdict.received} of {verdict.sent} {done} ({verdict.ping}){errno}"
    )
    if run.requests > 1 and verdict.leaks:
        yield labelled(" leaks").say(f"in {verdict.leaks} of {verdict.sent} echoes")
    moved = [f"{name} {value}" for name, value in verdict.counters.items() if value]
    yield labelled(" moved").say(", ".join(moved) if moved else "nothing")
