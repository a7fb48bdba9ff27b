"""The timeline: one row a stage, every mark a lane, grouped under the eight steps of the 2003 analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

import msgspec

from ipsec_lo_trace.model.packet_name import REPLY, REQUEST, packet_name
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import PING, Check, Packet, Run, Step, Verdict
from ipsec_lo_trace.pages.steps import DIFFERS
from ipsec_lo_trace.render.brief import result_lines, title_lines
from ipsec_lo_trace.render.chosen import Chosen, Tally
from ipsec_lo_trace.render.dump import Dissect, changed_bytes, dump, layer_lines
from ipsec_lo_trace.render.facts import compared_words
from ipsec_lo_trace.render.header import header_lines, verdict_lines
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.ledger import ledger, ledger_lines
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.repeats import Hidden, Repeat, folded
from ipsec_lo_trace.render.rows import ASCII, Glyphs, Rows
from ipsec_lo_trace.render.store import Source
from ipsec_lo_trace.render.styles import Line

HELD = 500
"""Rows that are looked at before the first is shown: for the lanes, and for the rows that the verdict names.

A longer trace shows its rows as they come, and its verdict alone says which of them matter.
"""
VERDICT_ROWS = ("cause", "effect", "seen", "unseen")
"""The rows that a verdict points at."""
IN_PLACE = ("icmp_reflect", "ip_forward", "tcp_respond")
"""The stages that make a packet in another's mbuf, unless they say otherwise."""


class View(msgspec.Struct, frozen=True):
    """How much of a trace to show, and how wide.

    ``detail`` is "summary" or "full", ``more`` adds counters, findings and assumptions; ``show_bytes`` is
    "none", "changed", "all" or "layers", ``width`` in columns; ``chosen`` leaves out rows, None for none.
    ``dissect`` is needed for layers.  A full view reads the rows of its source twice.
    """

    width: int = 80
    detail: str = "summary"
    show_bytes: str = "none"
    more: bool = False
    chosen: Chosen | None = None
    dissect: Dissect | None = None
    glyphs: Glyphs = ASCII


class Shown(msgspec.Struct):
    """What the rows so far have shown: the group, each echo's last row, each mbuf's bytes."""

    group: tuple[int, str] = (0, "")
    last: dict[int, Step] = msgspec.field(default_factory=dict)
    data: dict[tuple[int, str], bytes] = msgspec.field(default_factory=dict)


def timeline(trace: Source, view: View) -> Iterator[Line]:
    """Yield the whole text of a trace, to be laid out in the view's width."""
    full = view.more or view.detail == "full"
    run = trace.run
    yield from header_lines(run, assumptions=True) if full else title_lines(run, view.width)
    yield Line()
    steps = trace.steps()
    held = list(islice(steps, HELD + 1))
    roles = pointers(trace.verdict) if len(held) <= HELD else {}
    rows = Rows(held, view.width, view.glyphs, echoes=run.requests > 1 and run.program == PING)
    yield from rows.heads()
    tally = Tally(view.chosen or Chosen())
    yield from _rows(chain(held, steps), run, rows, roles, tally, view)
    yield Line()
    if view.chosen is not None:
        yield Line(style="quiet").say(tally.text, "quiet")
        yield Line()
    if view.detail == "full":
        yield from ledger_lines(ledger(trace.steps()))
        yield Line()
    yield from verdict_lines(run, trace.verdict) if full else result_lines(run, trace.verdict)
    yield from rows.legend()


def _rows(
    steps: Iterable[Step], run: Run, rows: Rows, roles: dict[int, str], tally: Tally, view: View
) -> Iterator[Line]:
    headings, shown = Headings(run), Shown()
    whole = view.detail == "full" or view.chosen is not None
    for each in steps if whole else folded(steps):
        if isinstance(each, Repeat):
            yield Line(" " * 5, hang=5, style="quiet").say(each.words, "quiet")
            continue
        step = each.step if isinstance(each, Hidden) else each
        before = shown.last.get(step.echo)
        shown.last[step.echo] = step
        if isinstance(each, Hidden) or not tally.fits(step):
            rows.pass_by(step)
            _pass_by(step, shown)
            continue
        group = headings.group(step)
        if group != shown.group:
            shown.group = group
            yield _heading(step, headings, view)
            if view.detail == "full" and not headings.by_packet and step.analysis in DIFFERS:
                yield Line(" " * 4, hang=4, style="quiet").say(DIFFERS[step.analysis], "quiet")
        if before is not None and before.packet != step.packet:
            yield from _reborn(before, step, run, view)
        yield rows.row(step, roles.get(step.row, "").partition(",")[0])
        if view.detail == "full":
            yield from _details(step)
        if view.show_bytes != "none":
            yield from _bytes(step, shown, view)


def pointed(verdict: Verdict) -> dict[str, int]:
    """Return the row of each name that has one."""
    rows = {name: getattr(verdict, name) for name in VERDICT_ROWS}
    return {name: row for name, row in rows.items() if row is not None}


def pointers(verdict: Verdict) -> dict[int, str]:
    """Return the names of each row that has some, in capitals."""
    named: dict[int, list[str]] = {}
    for name, row in pointed(verdict).items():
        named.setdefault(row, []).append(name.upper())
    return {row: ", ".join(names) for row, names in named.items()}


def _heading(step: Step, headings: Headings, view: View) -> Line:
    number, words = headings.heading(step)
    rule = view.glyphs.rule
    lead = f"{rule * 2} {number.removeprefix('step ')}{' ' if number else ''}"
    return Line(lead, hang=3, style="heading", fill=rule).say(words, "heading")


def _reborn(before: Step, step: Step, run: Run, view: View) -> Iterator[Line]:
    """Draw the line where one packet ends and another begins, if that one comes of it."""
    old, new = packet_name(before.packet), packet_name(step.packet)
    if new.letter != old.letter or new.part != old.part or new.number != old.number + 1:
        return
    border = view.glyphs.border
    line = Line(f"{border * 8} ", hang=9, style="stale" if step.marks else "heading", fill=border)
    line.say(f"{_what(before.packet, run)} ends here;")
    made = "begins in its mbuf" if made_in_place(before, step) else "begins in a mbuf of its own"
    yield line.say(f"{_what(step.packet, run)} {made}")


def made_in_place(before: Step, step: Step) -> bool:
    """Tell whether a packet was made in the mbuf of the one in the row before, and so inherits its marks."""
    if step.stage not in IN_PLACE or before.stage == "icmp_error":
        return False
    return step.stage != "tcp_respond" or step.decision.startswith("reuse")


def _what(packet: str, run: Run) -> str:
    names = {REQUEST: ", the request,", REPLY: ", the reply,"} if run.program == PING else {}
    return f"{packet}{names.get(packet, '')}"


def packet_text(wire: Packet) -> str:
    """Name the packet's outermost protocols and its length in bytes."""
    return f"{'/'.join(wire.proto[:2]).upper()} {wire.len}"


def mark_cell(step: Step, *, reborn: bool) -> list[tuple[str, str]]:
    """Return the marks that this row is about: what changed, what turned stale, what settled a question."""
    cell: list[tuple[str, str]] = [
        (f"{'+' if c.op == 'add' else '-'} {c.mark.name}", c.op) for c in step.changes
    ]
    if reborn:
        cell += [(f"{sign(mark)} {mark.name}", "stale" if mark.stale else "keep") for mark in step.marks]
    for check in step.checks:
        if check.mark is not None:
            cell.append((f"{sign(check.mark)} {check.mark.name}", "stale" if check.mark.stale else "keep"))
    if not cell:
        return [("." if step.marks else "(none)", "quiet")]
    return list(dict.fromkeys(cell))


def _details(step: Step) -> Iterator[Line]:
    """Say it in the kernel's words, with every question and every counter."""
    indent = " " * 5
    yield Line(indent, hang=7).say(step.text)
    for check in step.checks:
        yield _check_line(check, indent)
    if step.counters:
        moved = ", ".join(f"{name} {by:+d}" for name, by in step.counters.items())
        yield Line(indent, hang=7).say(f"counted: {moved}", "quiet")


def _check_line(check: Check, indent: str) -> Line:
    stale = " (settled by a stale mark)" if check.decided_by_stale else ""
    question = QUESTIONS.get(check.id)
    # A trace of a later version may have other questions.
    words = f"{question.by}: {question.text}" if question else check.id
    line = Line(indent, hang=7).say(words, "quiet")
    return line.say(f"{compared_words(check)}{stale}")


def _mbuf(step: Step) -> tuple[int, str]:
    return step.echo, packet_name(step.packet).part


def _pass_by(step: Step, shown: Shown) -> None:
    """Keep up with the bytes of a packet whose row is not shown."""
    if step.bytes is not None:
        shown.data[_mbuf(step)] = bytes.fromhex(step.bytes)


def _bytes(step: Step, shown: Shown, view: View) -> Iterator[Line]:
    mbuf = _mbuf(step)
    before = shown.data.get(mbuf, b"")
    after = bytes.fromhex(step.bytes) if step.bytes is not None else before
    shown.data[mbuf] = after
    if step.bytes is None and view.show_bytes != "all":
        return
    if view.dissect is not None:
        old = view.dissect(before) if before else []
        yield from layer_lines(old, view.dissect(after), indent=5)
        return
    changed = changed_bytes(before, after) if step.bytes is not None else set()
    yield from dump(after, changed, indent=5, width=view.width)
