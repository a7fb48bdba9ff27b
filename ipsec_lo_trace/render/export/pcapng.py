"""A trace as a pcapng capture: every row as a packet at its stage, or what crossed lo0 alone.

Row N is at N seconds.  Link type DLT_NULL throughout, since tcpdump reads no file with several.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, NamedTuple

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.export import blocks, words
from ipsec_lo_trace.render.export.flow import ON_LO0, Moment, follow, numbers
from ipsec_lo_trace.render.facts import title_text
from ipsec_lo_trace.render.header import verdict_line
from ipsec_lo_trace.render.store import StoredTrace
from ipsec_lo_trace.render.styles import UNWRAPPED

ROW_TIMES = "row N of the trace is at N seconds"


def write_pcapng(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write every row: the stage is the interface, comments say the rest."""
    out.write(_section(trace, "every stage of the trace is an interface"))
    numbers: dict[str, int] = {}
    for now in follow(trace):
        step = now.step
        if step.stage not in numbers:
            numbers[step.stage] = len(numbers)
            out.write(blocks.interface(step.stage))
        out.write(_row(numbers[step.stage], now))


def _row(number: int, now: Moment) -> bytes:
    step = now.step
    said = [f"text: {step.text}"] if step.text else []
    return blocks.packet(
        number,
        step.row,
        now.data,
        comments=[words.place(step), *words.marks(step), *words.changes(now), *words.decision(step), *said],
        direction=blocks.OUTBOUND if now.outbound else blocks.INBOUND,
        ident=packet_id(step),
        verdict=blocks.DROPPED if step.reason else blocks.PASSED,
    )


class Crossed(NamedTuple):
    """A packet as it crossed lo0: the row, whose it was, and its bytes from the IP header on."""

    step: Step
    data: bytes


def wire_packets(trace: StoredTrace) -> Iterator[Crossed]:
    """Give what crossed lo0, in order."""
    for now in follow(trace):
        if now.step.stage == ON_LO0:
            yield Crossed(now.step, now.data)


def write_wire(trace: StoredTrace, out: IO[bytes]) -> None:
    """Write what tcpdump on lo0 would have seen; the comments that name the rows are all it would lack."""
    out.write(_section(trace, "what crossed lo0") + blocks.interface(trace.run.interface))
    for step, data in wire_packets(trace):
        out.write(blocks.packet(0, step.row, data, comments=[words.place(step)]))


def _section(trace: StoredTrace, what: str) -> bytes:
    run = trace.run
    [verdict] = verdict_line(trace.verdict).wrap(UNWRAPPED)
    kernel = f"kernel {run.kernel}, fix {run.fix}: {title_text(run)}"
    return blocks.section(run.tool, [kernel, verdict.plain, f"{what}; {ROW_TIMES}"])


def packet_id(step: Step) -> int:
    """Give the same number to all rows of one packet: its echo, which packet of it, which fragment."""
    which, part = numbers(step)
    return (step.echo & 0xFFFFFFFF) << 32 | which << 16 | part
