"""What stands above a timeline (what ran, in short) and below it (how it ended, and what to do next)."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.trace import PING, PROBE, REPLAY, Run, Verdict
from ipsec_lo_trace.render.again import options
from ipsec_lo_trace.render.facts import origin_words, program_text, proto_name
from ipsec_lo_trace.render.header import labelled, unusual_lines
from ipsec_lo_trace.render.styles import Line, outcome_style

PROGRAM = "ipsec-lo-trace"
KERNELS = {"netbsd-2003-08": "NetBSD FAST_IPSEC of August 2003"}
FIXES = {"none": "not patched", "netbsd-2003-08": "patched"}
SHOWN_POLICIES = 4
"""Policies that are told one by one."""
LEVELS = {
    "require": "required",
    "unique": "required, by an SA of its own",
    "use": "used if there is an SA",
    "default": "as the default level says",
}
INDENT = 10


def title_lines(run: Run, width: int) -> Iterator[Line]:
    """Say what ran, on which kernel, under which policies."""
    ends = f"{run.src}" if run.src == run.dst else f"{run.src} to {run.dst}"
    many = f", {run.requests} requests" if run.requests > 1 else ""
    if run.program == REPLAY:
        many = ", 1 packet" if run.count == 1 else f", {run.count} packets"
    many += f", the first {run.at_once} at once" if run.at_once > 1 else ""
    what = f"{program_text(run)} {ends} over {run.interface}{many}"
    kernel = f"{KERNELS.get(run.kernel, run.kernel)}, {FIXES.get(run.fix, f'fix {run.fix}')}"
    gap = max(width - len(what) - len(kernel), 2)
    yield Line(what + " " * gap, hang=4, style="heading").glue(kernel, "heading")
    if run.source in ("case", "file"):
        yield labelled("config").glue(origin_words(run))
    if run.knobs:
        yield labelled("set").say(", ".join(run.knobs))
    yield from unusual_lines(run)
    for cut in run.what_if:
        yield labelled("what if").glue(cut).say("is deleted, which no kernel does")
    yield from _policies(run)


def _policies(run: Run) -> Iterator[Line]:
    """Say what the policies ask for, and which SAs there are.

    Policies that differ in their direction alone have one line.
    """
    ways: dict[str, list[str]] = {}
    for policy in run.policies:
        ways.setdefault(_asked(policy), []).append(policy.dir)
    told = [f"{' and '.join(sorted(set(directions)))}: {asked}" for asked, directions in ways.items()]
    if len(told) > SHOWN_POLICIES:
        told[SHOWN_POLICIES:] = [f"and {len(told) - SHOWN_POLICIES} more; -v lists them"]
    first, *others = told or ["none"]
    line = labelled("policy").say(first)
    if others:
        yield line
        yield from (labelled("").say(words) for words in others)
        yield labelled("SA").say(_sas(run))
    else:
        yield line.glue(f"SA {_sas(run)}")


def _asked(policy: PolicyRecord) -> str:
    ends = f"{_end(policy.src, policy.src_port)} -> {_end(policy.dst, policy.dst_port)}"
    upper = proto_name(policy.upper)
    asked = ", then ".join(map(_request, policy.requests)) or policy.type
    return f"{ends} {upper}, {asked}"


def _end(network: str, port: int) -> str:
    address = network.removesuffix("/32")
    return f"{address}[{port}]" if port else address


def _request(request: RequestRecord) -> str:
    tunnel = " tunnel" if request.mode == "tunnel" else ""
    return f"{request.proto.upper()}{tunnel} {LEVELS.get(request.level, request.level)}"


def _sas(run: Run) -> str:
    spis = [f"0x{sa.spi:x}" for sa in run.sas]
    more = f" and {len(spis) - SHOWN_POLICIES} more" if len(spis) > SHOWN_POLICIES else ""
    return (", ".join(spis[:SHOWN_POLICIES]) or "none") + more


def result_lines(run: Run, verdict: Verdict) -> Iterator[Line]:
    """Say how it ended, why, what would help and what to look at next."""
    yield _sentence(run, verdict)
    if verdict.reasons:
        yield _why(verdict)
    if verdict.fix:
        yield _labelled("fix").say(verdict.fix)
    yield _next(run, verdict)
    yield _labelled("more").say(_more(run, verdict), "quiet")


def _labelled(label: str) -> Line:
    return Line(f"  {label:<{INDENT - 2}}", hang=INDENT)


def _sentence(run: Run, verdict: Verdict) -> Line:
    line = Line(hang=2).glue(verdict.outcome.upper(), outcome_style(verdict.outcome))
    errno = f"; sendto fails with {verdict.errno}" if verdict.errno else ""
    done = "taken in" if run.program == REPLAY else "answered"
    text = verdict.text[:1].upper() + verdict.text[1:]
    line.say(f"({verdict.code})").say(f"{text}{errno}: {verdict.received} of {verdict.sent} {done}.")
    if run.requests > 1 and verdict.leaks:
        line.say(f"{verdict.leaks} of {verdict.sent} leak.")
    return line


def _why(verdict: Verdict) -> Line:
    """Say the verdict's reasons, each with its row."""
    line = _labelled("why")
    told = [(getattr(verdict, name), text) for name, text in verdict.reasons.items()]
    rows = [(row, text) for row, text in told if row is not None]
    before = None
    for number, (row, text) in enumerate(rows, start=1):
        if row != before:
            line.refer([row], after=":")
        line.say(f"{text}{';' if number < len(rows) else ''}")
        before = row
    return line


def _next(run: Run, verdict: Verdict) -> Line:
    """Say what to run next, as commands that run."""
    line = _labelled("next")
    explain = f"{PROGRAM} explain {verdict.code}"
    if run.program not in (PING, PROBE):
        return line.glue(explain)
    again = shlex.join(options(run))
    # why traces again, and knows of no experiment.
    asked = f"{PROGRAM} why effect{again and f' {again}'}" if verdict.effect and not run.what_if else ""
    return _alternatives(line, filter(None, (asked, explain)))


def _alternatives(line: Line, commands: Iterable[str]) -> Line:
    for number, command in enumerate(commands):
        if number:
            line.say("or", "quiet")
        line.glue(command)
    return line


def _more(run: Run, verdict: Verdict) -> str:
    """Count what -v tells beyond this."""
    findings = sum(finding.code != verdict.code for finding in verdict.findings)
    counters = sum(1 for value in verdict.counters.values() if value)
    told = (
        (findings, "more finding", "more findings"),
        (counters, "counter that moved", "counters that moved"),
        (len(run.assumptions), "assumption", "assumptions"),
    )
    counted = [f"{count} {one if count == 1 else many}" for count, one, many in told if count]
    return f"-v: {', '.join(counted)}"
