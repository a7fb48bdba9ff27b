"""What a row says, as plain lines: for viewers that show text beside a packet."""

from __future__ import annotations

from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Check, Mark, Step
from ipsec_lo_trace.render.dump import changed_bytes
from ipsec_lo_trace.render.export.flow import Moment
from ipsec_lo_trace.render.facts import compared_words
from ipsec_lo_trace.render.marks import mark_text
from ipsec_lo_trace.render.styles import CONTROL

MAX_SPANS = 8
"""How many stretches of changed bytes are told one by one."""


def place(step: Step) -> str:
    """Say which row it is, of which packet."""
    number = f"step {step.analysis}" if step.analysis else "after step 8"
    return f"row {step.row}: {step.stage} (visit {step.visit}), {number}, {step.packet} of echo {step.echo}"


def marks(step: Step) -> list[str]:
    """Name the marks that the packet bears after the stage."""
    return [f"mark: {_mark(mark)}" for mark in step.marks] or ["mark: none"]


def _mark(mark: Mark) -> str:
    return f"{mark_text(mark)} in row {mark.row}{', STALE' if mark.stale else ''}"


def changes(now: Moment) -> list[str]:
    """Say what the stage did to marks and bytes."""
    signs = {"add": "+", "remove": "-"}
    told = [f"changed: {signs[change.op]} {_mark(change.mark)}" for change in now.step.changes]
    if now.step.bytes is not None and now.before:
        told.append(f"changed: {_bytes(now.before, now.data)}")
    return told


def _bytes(before: bytes, after: bytes) -> str:
    changed = sorted(changed_bytes(before, after))
    if not changed:
        return f"bytes, {len(before)} to {len(after)} by cutting"
    spans: list[list[int]] = []
    for at in changed:
        if spans and spans[-1][1] == at - 1:
            spans[-1][1] = at
        else:
            spans.append([at, at])
    named = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:MAX_SPANS]]
    more = len(spans) - len(named)
    where = ", ".join(named) + (f" and in {more} more places" if more else "")
    size = "" if len(before) == len(after) else f", {len(before)} to {len(after)} in all"
    return f"bytes {where} (from 0){size}"


def decision(step: Step) -> list[str]:
    """Say what was asked, what was decided, and where the packet goes."""
    told = [_check(check) for check in step.checks]
    ending = " ".join(filter(None, (step.reason, step.errno)))
    onward = f"goes on to {step.to}" if step.to else "ends here" if step.reason else "waits"
    told.append("decision: " + "; ".join(filter(None, (step.decision, ending, onward))))
    return told


def _check(check: Check) -> str:
    question = QUESTIONS.get(check.id)
    asked = f"{question.by}: {question.text}" if question else check.id
    stale = " (settled by a STALE mark)" if check.decided_by_stale else ""
    return f"asked: {asked} {compared_words(check)}{stale}"


def plain(text: str) -> str:
    """Escape what no reader sees but a viewer obeys: control characters, line ends, marks of direction."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    return CONTROL.get(ord(character)) or character.encode("ascii", "backslashreplace").decode("ascii")
