"""The timeline: one row a stage, grouped under the eight steps of the 2003 analysis.

``.`` means as in the row above, ``*`` that the packet's bytes changed.  Marks: ``+`` made here, ``-`` removed
here, ``=`` carried, ``!`` carried and stale, that is, made for another packet.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rich.text import Text

from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Check, Packet, Step, Verdict
from ipsec_lo_trace.render.chosen import Chosen, Tally
from ipsec_lo_trace.render.header import header_lines, verdict_lines
from ipsec_lo_trace.render.hexdump import changed_bytes, dump
from ipsec_lo_trace.render.ledger import ledger_lines
from ipsec_lo_trace.render.marks import sign
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.styles import Line

STAGE_COLUMNS = 22
PACKET_COLUMNS = 12
LEAD_COLUMNS = 27
"""Where the packet's column begins."""
NARROW_COLUMNS = 66

TITLES = {
    1: "ping builds an echo request and hands it to a raw socket",
    2: "outbound IPsec",
    3: "ip_output gives the packet to lo0, which hands it straight back up",
    4: "ip_input takes it in, and AH or ESP is undone",
    5: "input processing marks it IN_DONE and queues it for ip_input again",
    6: "icmp_input turns the echo request into an echo reply",
    7: "icmp_reflect makes the reply in the same mbuf and calls ip_output",
    8: "the reply enters ip_output",
    0: "after step 8",
}


class View(msgspec.Struct, frozen=True):
    """How much of a trace to show, and how wide.

    ``detail`` is "summary" or "full", ``show_bytes`` "none", "changed" or "all", ``width`` in columns;
    ``chosen`` leaves out rows, None for none.
    """

    width: int = 80
    detail: str = "summary"
    show_bytes: str = "none"
    assumptions: bool = False
    chosen: Chosen | None = None


class Shown(msgspec.Struct):
    """What the rows so far have shown, by echo or by mbuf."""

    group: tuple[int, int] = (0, -1)
    row: int = 0
    packet: dict[int, tuple[str, str]] = msgspec.field(default_factory=dict)
    data: dict[tuple[int, str], bytes] = msgspec.field(default_factory=dict)


def timeline(trace: StoredTrace, view: View) -> Iterator[Text]:
    """Give the whole text of a trace, line by line."""
    for line in header_lines(trace.run, assumptions=view.assumptions):
        yield from line.wrap(view.width)
    yield Text("")
    yield from _column_heads(view.width)
    pointers = _pointers(trace.verdict)
    shown = Shown()
    tally = Tally(view.chosen or Chosen())
    for step in trace.steps():
        if not tally.fits(step):
            _pass_by(step, shown)
            continue
        yield from _heading(step, shown, view.width, many=trace.run.count > 1)
        if shown.row != step.row - 1:
            shown.packet.clear()
        shown.row = step.row
        for line in _row(step, shown, view, pointers.get(step.row, "")):
            yield from line.wrap(view.width)
        yield from _bytes(step, shown, view)
    yield Text("")
    if view.chosen is not None:
        yield from Line(style="quiet").say(tally.text, "quiet").wrap(view.width)
        yield Text("")
    if view.detail == "full":
        for line in ledger_lines(trace.steps()):
            yield from line.wrap(view.width)
        yield Text("")
    for line in verdict_lines(trace.run, trace.verdict):
        yield from line.wrap(view.width)


def _column_heads(width: int) -> Iterator[Text]:
    legend = "marks: + new - gone = kept ! stale"
    signs = "* bytes changed, . as above; P1 request, P2 reply"
    heads = [f"{'row':>3} {'stage':<{STAGE_COLUMNS}} {'packet':<{PACKET_COLUMNS}} ", " " * LEAD_COLUMNS]
    if width < NARROW_COLUMNS:
        yield from Line(style="quiet").say(heads[0], "quiet").wrap(width)
        heads = ["", ""]
    for head, words in zip(heads, (legend, signs), strict=True):
        yield from Line(head, style="quiet").say(words, "quiet").wrap(width)


def _pointers(verdict: Verdict) -> dict[int, str]:
    named = (
        (verdict.cause, "CAUSE"),
        (verdict.effect, "EFFECT"),
        (verdict.seen, "SEEN"),
        (verdict.unseen, "UNSEEN"),
    )
    pointers: dict[int, str] = {}
    for row, name in named:
        if row is not None:
            pointers[row] = f"{pointers[row]}, {name}" if row in pointers else f"<== {name}"
    return pointers


def _heading(step: Step, shown: Shown, width: int, *, many: bool) -> Iterator[Text]:
    group = (step.echo, step.analysis)
    if group == shown.group:
        return
    shown.group = group
    title = TITLES[step.analysis]
    if step.analysis == 8:  # noqa: PLR2004 -- the analysis's last step
        title = f"{title}, {_bearing(step)}"
    number = f"step {step.analysis}: " if step.analysis else ""
    echo = f" (echo {step.echo})" if many else ""
    line = Line(number, style="heading").say(f"{title}{echo}", "heading")
    yield from line.wrap(width)


def _bearing(step: Step) -> str:
    """Say what the packet bore when it came: marks made here do not count."""
    made_here = [change.mark for change in step.changes if change.op == "add"]
    names = [mark.name for mark in step.marks if mark not in made_here]
    names += [change.mark.name for change in step.changes if change.op == "remove"]
    return f"still bearing {', '.join(names)}" if names else "bearing no mark"


def _row(step: Step, shown: Shown, view: View, pointer: str) -> Iterator[Line]:
    # With nothing above it (the row before was filtered out), a row says all that its packet bears.
    above = shown.packet.get(step.echo, ("", ""))
    reborn = above[0] != step.packet
    packet = _packet_cell(step, shown)
    narrow = view.width < NARROW_COLUMNS
    lead = f"{step.row:>3} {step.stage:<{STAGE_COLUMNS}} "
    line = Line(lead, hang=5) if narrow else Line(f"{lead}{packet:<{PACKET_COLUMNS}} ")
    if narrow:
        line.glue(packet)
    *marks, (last, style) = _mark_cell(step, reborn=reborn)
    for text, mark_style in marks:
        line.glue(text, mark_style)
    line.glue(last if last in (".", "(none)") else f"{last}:", style)
    line.say(step.text)
    if pointer:
        line.glue(pointer, "pointer")
    yield line
    if view.detail == "full":
        yield from _details(step)


def _packet_cell(step: Step, shown: Shown) -> str:
    """Show the packet, or ``.`` if it is as in the echo's row above; ``*`` if its bytes changed."""
    cell = packet_text(step.wire)
    star = " *" if step.bytes is not None else ""
    above = shown.packet.get(step.echo)
    shown.packet[step.echo] = (step.packet, cell)
    return cell + star if above != (step.packet, cell) or star else "."


def packet_text(wire: Packet) -> str:
    """Name the packet's outermost protocols and its length in bytes."""
    names = "/".join(name.upper() for name in wire.proto[:2])
    return f"{names} {wire.len}"


def _mark_cell(step: Step, *, reborn: bool) -> list[tuple[str, str]]:
    """Give the marks that this row is about: what changed, what turned stale, what settled a question."""
    styles = {"add": "add", "remove": "remove"}
    cell = [(f"{'+' if c.op == 'add' else '-'} {c.mark.name}", styles[c.op]) for c in step.changes]
    if reborn:
        cell += [(f"{sign(mark)} {mark.name}", "stale" if mark.stale else "keep") for mark in step.marks]
    for check in step.checks:
        if check.mark is not None:
            cell.append((f"{sign(check.mark)} {check.mark.name}", "stale" if check.mark.stale else "keep"))
    if not cell:
        cell.append(("." if step.marks else "(none)", "quiet"))
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
    question = QUESTIONS[check.id]
    line = Line(indent, hang=7).say(f"{question.by}: {question.text}", "quiet")
    return line.say(f"[{check.left}] against [{check.right}]: {check.answer}{stale}")


def _mbuf(step: Step) -> tuple[int, str]:
    return step.echo, step.packet.partition("/")[2]


def _pass_by(step: Step, shown: Shown) -> None:
    """Keep up with the bytes of a packet whose row is not shown."""
    if step.bytes is not None:
        shown.data[_mbuf(step)] = bytes.fromhex(step.bytes)


def _bytes(step: Step, shown: Shown, view: View) -> Iterator[Text]:
    if view.show_bytes == "none":
        return
    mbuf = _mbuf(step)
    before = shown.data.get(mbuf, b"")
    after = bytes.fromhex(step.bytes) if step.bytes is not None else before
    shown.data[mbuf] = after
    if step.bytes is None and view.show_bytes == "changed":
        return
    changed = changed_bytes(before, after) if step.bytes is not None else set()
    yield from dump(after, changed, indent=5, width=view.width)
