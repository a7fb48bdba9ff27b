"""The timeline: one row a stage, grouped under the eight steps of the 2003 analysis.

``.`` means as in the row above, ``*`` that the packet's bytes changed.  Marks: ``+`` made here, ``-`` removed
here, ``=`` carried, ``!`` carried and stale, that is, made for another packet.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Check, Packet, Step, Verdict
from ipsec_lo_trace.render.chosen import Chosen, Tally
from ipsec_lo_trace.render.dump import Dissect, changed_bytes, dump, layer_lines
from ipsec_lo_trace.render.facts import compared_words
from ipsec_lo_trace.render.header import header_lines, verdict_lines
from ipsec_lo_trace.render.headings import Headings
from ipsec_lo_trace.render.ledger import ledger_lines
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.styles import Line

STAGE_COLUMNS = 22
PACKET_COLUMNS = 12
LEAD_COLUMNS = 27
"""Where the packet's column begins."""
NARROW_COLUMNS = 66
VERDICT_ROWS = ("cause", "effect", "seen", "unseen")
"""The rows that a verdict points at."""


class View(msgspec.Struct, frozen=True):
    """How much of a trace to show, and how wide.

    ``detail`` is "summary" or "full", ``show_bytes`` "none", "changed", "all" or "layers", ``width`` in
    columns; ``chosen`` leaves out rows, None for none.  ``dissect`` is needed for layers.
    """

    width: int = 80
    detail: str = "summary"
    show_bytes: str = "none"
    assumptions: bool = False
    chosen: Chosen | None = None
    dissect: Dissect | None = None


class Shown(msgspec.Struct):
    """What the rows so far have shown, by echo or by mbuf."""

    group: tuple[int, str] = (0, "")
    row: int = 0
    packet: dict[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    data: dict[tuple[int, str], bytes] = msgspec.field(default_factory=dict)


def timeline(trace: StoredTrace, view: View) -> Iterator[Line]:
    """Yield the whole text of a trace, to be laid out in the view's width."""
    yield from header_lines(trace.run, assumptions=view.assumptions)
    yield Line()
    yield from _column_heads(view.width)
    roles = pointers(trace.verdict)
    headings = Headings(trace.run)
    shown = Shown()
    tally = Tally(view.chosen or Chosen())
    for step in trace.steps():
        if view.chosen is not None and not tally.fits(step):
            _pass_by(step, shown)
            continue
        group = headings.group(step)
        if group != shown.group:
            shown.group = group
            yield _heading(step, headings)
        if shown.row != step.row - 1:
            shown.packet.clear()
        shown.row = step.row
        yield _row(step, shown, view, roles.get(step.row, ""))
        if view.detail == "full":
            yield from _details(step)
        if view.show_bytes != "none":
            yield from _bytes(step, shown, view)
    yield Line()
    if view.chosen is not None:
        yield Line(style="quiet").say(tally.text, "quiet")
        yield Line()
    if view.detail == "full":
        yield from ledger_lines(trace.steps())
        yield Line()
    yield from verdict_lines(trace.run, trace.verdict)


def _column_heads(width: int) -> Iterator[Line]:
    legend = "marks: + new - gone = kept ! stale"
    signs = "* bytes changed, . as above; P1 request, P2 reply"
    heads = [f"{'row':>3} {'stage':<{STAGE_COLUMNS}} {'packet':<{PACKET_COLUMNS}} ", " " * LEAD_COLUMNS]
    if width < NARROW_COLUMNS:
        yield Line(style="quiet").say(heads[0], "quiet")
        heads = ["", ""]
    for head, words in zip(heads, (legend, signs), strict=True):
        yield Line(head, style="quiet").say(words, "quiet")


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


def _heading(step: Step, headings: Headings) -> Line:
    number, words = headings.heading(step)
    return Line(f"{number}: " if number else "", style="heading").say(words, "heading")


def _row(step: Step, shown: Shown, view: View, pointer: str) -> Line:
    # With nothing above it (the row before was filtered out), a row says all that its packet bears.
    above = shown.packet.get(step.echo, ("", ""))
    reborn = above[0] != step.packet
    packet = _packet_cell(step, shown)
    narrow = view.width < NARROW_COLUMNS
    lead = f"{step.row:>3} {step.stage:<{STAGE_COLUMNS}} "
    line = Line(lead, hang=5) if narrow else Line(f"{lead}{packet:<{PACKET_COLUMNS}} ")
    if narrow:
        line.glue(packet)
    *marks, (last, style) = mark_cell(step, reborn=reborn)
    for text, mark_style in marks:
        line.glue(text, mark_style)
    line.glue(last if last in (".", "(none)") else f"{last}:", style)
    line.say(step.text)
    if pointer:
        line.glue(f"<== {pointer}", "pointer")
    return line


def _packet_cell(step: Step, shown: Shown) -> str:
    """Show the packet, or ``.`` if it is as in the echo's row above; ``*`` if its bytes changed."""
    cell = packet_text(step.wire)
    star = " *" if step.bytes is not None else ""
    above = shown.packet.get(step.echo)
    shown.packet[step.echo] = (step.packet, cell)
    return cell + star if above != (step.packet, cell) or star else "."


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
    indent = " " * 5
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
