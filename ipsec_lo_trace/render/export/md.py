"""A trace as Markdown, for a review or a report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from ipsec_lo_trace.model.trace import Step, Verdict
from ipsec_lo_trace.render.facts import (
    DIR_COLUMNS,
    ends_words,
    origin_words,
    policy_words,
    sa_words,
    title_text,
)
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.markdown import cells, paragraph, table, text
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.repeats import Hidden, Repeat, folded
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.timeline import packet_text, pointed, pointers

HEADS = ("row", "stage", "packet", "on the wire", "marks", "what happens")


def write_md(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write the timeline, a table for each step."""
    for line in md_lines(trace):
        out.write(line.encode() + b"\n")


def md_lines(trace: StoredTrace) -> Iterator[str]:
    """Give the page's lines."""
    run, verdict = trace.run, trace.verdict
    yield f"# {text(f'{title_text(run)}: {verdict.outcome.upper()} ({verdict.code})')}"
    yield ""
    yield paragraph(f"{verdict.text[:1].upper()}{verdict.text[1:]}.")
    yield ""
    yield from table("", "")
    yield cells("kernel", f"{run.kernel}, fix {run.fix} ({run.chosen})")
    yield cells("sent", f"{run.requests} of {run.size} data bytes on {run.interface}")
    if run.ends:
        yield cells("ends", ends_words(run))
    yield cells("config", origin_words(run))
    yield from (cells("policy", policy_words(policy, DIR_COLUMNS)) for policy in run.policies)
    yield from (cells("SA", sa_words(sa)) for sa in run.sas)
    yield from (cells("what if", f"{cut} is deleted, which no kernel does") for cut in run.what_if)
    yield from _steps(trace)
    yield from _verdict(verdict)


def _steps(trace: StoredTrace) -> Iterator[str]:
    headings = Headings(trace.run)
    group = (0, "")
    noted = pointers(trace.verdict)
    for step in folded(trace.steps()):
        if isinstance(step, Hidden):
            continue
        if isinstance(step, Repeat):
            yield f"{cells(*[''] * (len(HEADS) - 1))} {text(step.words)} |"
            continue
        if group != headings.group(step):
            group = headings.group(step)
            yield ""
            yield f"## {text(': '.join(filter(None, headings.heading(step))))}"
            yield ""
            yield from table(*HEADS)
        note = f"**{noted[step.row]}** " if step.row in noted else ""
        place = (str(step.row), step.stage, step.packet, packet_text(step.wire), _marks(step))
        yield f"{cells(*place)} {note}{text(step.text)} |"


def _marks(step: Step) -> str:
    """Name all marks that the packet bears, with their signs, and those that the stage removed."""
    made = [change.mark for change in step.changes if change.op == "add"]
    borne = [f"{'+' if mark in made else sign(mark)} {mark.name}" for mark in step.marks]
    gone = [f"- {change.mark.name}" for change in step.changes if change.op == "remove"]
    return ", ".join(borne + gone)


def _verdict(verdict: Verdict) -> Iterator[str]:
    yield ""
    yield "## Verdict"
    yield ""
    yield from table("", "")
    yield cells("outcome", f"{verdict.outcome} ({verdict.code})")
    for name, row in pointed(verdict).items():
        yield cells(name, f"row {row}: {verdict.reasons.get(name, verdict.text)}")
    if verdict.fix:
        yield cells("fix", verdict.fix)
    errno = f", sendto fails with {verdict.errno}" if verdict.errno else ""
    yield cells("ping", f"{verdict.received} of {verdict.sent} answered ({verdict.ping}){errno}")
    yield ""
    yield "Marks: `+` made here, `-` removed here, `=` carried, `!` carried and stale: made for another."
