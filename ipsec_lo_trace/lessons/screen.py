"""What a student sees: the lesson before the answer, and the rows that show what is right after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from textwrap import indent
from typing import TYPE_CHECKING

import msgspec

from ipsec_lo_trace.lessons.checks import Judgement, Packets, Rows, letter, run
from ipsec_lo_trace.lessons.lesson import Lesson
from ipsec_lo_trace.lessons.wire import audited
from ipsec_lo_trace.model.trace import PING
from ipsec_lo_trace.render.audit import packet_lines, verdict_line
from ipsec_lo_trace.render.header import labelled
from ipsec_lo_trace.render.header import verdict_line as trace_verdict
from ipsec_lo_trace.render.reasons import why
from ipsec_lo_trace.render.rows import Glyphs
from ipsec_lo_trace.render.rows import Rows as TraceRows
from ipsec_lo_trace.render.store import StoredTrace, spool
from ipsec_lo_trace.render.styles import Line
from ipsec_lo_trace.render.timeline import HELD, packet_text, pointers
from ipsec_lo_trace.render.why import why_lines
from ipsec_lo_trace.tracer.tracing import Trace

if TYPE_CHECKING:
    from rich.text import Text

VERBATIM = "    "
"""What a paragraph begins with whose lines stay as they are."""
STAGE_COLUMNS = 23


class Look(msgspec.Struct, frozen=True):
    """How text is laid out: its width in columns, and the characters to draw with."""

    width: int
    glyphs: Glyphs


def task_lines(lesson: Lesson, of: int) -> Iterator[Line]:
    """Tell the story and ask the question."""
    yield Line(f"{lesson.number} of {of} ", style="heading").say(lesson.title, "heading")
    for paragraph in lesson.story.strip("\n").split("\n\n"):
        yield Line()
        yield from _verbatim(paragraph) if paragraph.startswith(VERBATIM) else [Line().say(paragraph)]
    if lesson.configuration:
        yield Line()
        yield from _verbatim(indent(lesson.configuration, VERBATIM))
    if lesson.preview:
        yield Line()
        yield from _wire(lesson) if lesson.preview == "wire" else _path(lesson)
    yield Line()
    yield Line().say(lesson.question, "heading")
    for at, choice in enumerate(lesson.choices):
        yield Line(f"  {letter(at)} ").glue(choice)
    yield labelled("answer").say(lesson.answer)


def _verbatim(text: str) -> Iterator[Line]:
    for line in text.strip("\n").splitlines():
        words = line.lstrip(" ")
        yield Line(line.removesuffix(words), hang=2 * len(VERBATIM)).glue(words)


def _path(lesson: Lesson) -> Iterator[Line]:
    """List the rows of a run without its marks."""
    yield Line(f"row  {'function':<{STAGE_COLUMNS}}", style="quiet").say("packet", "quiet")
    for step in run(lesson.setups[0]).steps:
        yield Line(f"{step.row:>3}  {step.stage:<{STAGE_COLUMNS}}").say(
            f"{step.packet} {packet_text(step.wire)}"
        )


def _wire(lesson: Lesson) -> Iterator[Line]:
    """List what crossed lo0 as tcpdump does."""
    packets, _verdict = audited(lesson, map(run, lesson.setups))
    for packet in packets:
        wire = packet.wire
        numbers = [f"(spi 0x{spi:08x}, number {seq})" for spi, seq in zip(wire.spi, wire.seq, strict=True)]
        line = Line(f"{packet.number:>3} ").say(f"{wire.src} > {wire.dst} {packet_text(wire)}")
        yield line.say(" ".join(numbers) or wire.info)


def hint_line(lesson: Lesson, number: int) -> Line:
    """Give one of the hints, counted from 1."""
    return Line(f"hint {number} ", style="quiet").say(lesson.hints[number - 1])


def judgement_lines(judgement: Judgement, look: Look) -> Iterator[Text]:
    """Say whether the answer is right, and show the rows of the very runs."""
    line = Line()
    if judgement.right:
        line.glue("Right.", "clean").say(f"The run says so: {judgement.truth}.")
    else:
        line.glue("No.", "bad").say(f"The right answer: {judgement.truth}. Yours: {judgement.said}.")
    yield from line.wrap(look.width)
    for each in judgement.shown:
        yield from Line().wrap(look.width)
        heading = Line(f"{look.glyphs.rule * 2} ", style="heading")
        yield from heading.say(each.what, "heading").wrap(look.width)
        yield from _packets(each, look) if isinstance(each, Packets) else _rows(each, look)


def _rows(shown: Rows, look: Look) -> Iterator[Text]:
    """Show rows and verdict as ``show`` does, and the reasons of one row as ``why`` does."""
    run, steps, verdict = shown.trace.run, shown.trace.steps, shown.trace.verdict
    echoes = run.requests > 1 and run.program == PING
    rows, roles = TraceRows(list(steps[:HELD]), look.width, look.glyphs, echoes=echoes), pointers(verdict)
    lines = list(rows.heads())
    for step in steps:
        if step.row in shown.rows:
            lines.append(rows.row(step, roles.get(step.row, "").partition(",")[0]))
        else:
            rows.pass_by(step)
    for line in (*lines, *rows.legend(), trace_verdict(verdict)):
        yield from line.wrap(look.width)
    if shown.why:
        yield from Line().wrap(look.width)
        with closing(_stored(shown.trace)) as trace:
            yield from why_lines(why(trace, str(shown.why)), look.width)


def _packets(shown: Packets, look: Look) -> Iterator[Text]:
    for packet in shown.packets:
        yield from packet_lines(packet, look.width)
    yield from verdict_line(shown.verdict).wrap(look.width)


def _stored(trace: Trace) -> StoredTrace:
    verdict = msgspec.structs.replace(trace.verdict, lo0=[])
    return spool([[trace.run], trace.steps, [verdict]], map(msgspec.json.encode, trace.crossings))
