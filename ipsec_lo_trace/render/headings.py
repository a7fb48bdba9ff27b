"""What heads the rows of a timeline: the eight steps of the 2003 analysis, or a probe's packets."""

from __future__ import annotations

from typing import NamedTuple

from ipsec_lo_trace.model.packet_name import FLUSH
from ipsec_lo_trace.model.trace import PING, Run, Step

MARKING_STEP = 5
LAST_STEP = 8
"""The analysis's last one; what comes after it has the number 0."""

TITLES = {
    1: "ping builds the echo request",
    2: "outbound IPsec",
    3: "to lo0, which hands it straight back up",
    4: "ip_input takes it in, and what IPsec did is undone",
    5: "input processing is done with it",
    6: "icmp_input answers the request",
    7: "icmp_reflect makes the reply, and calls ip_output",
    8: "the reply enters ip_output",
    0: "after the eight steps",
}


class Heading(NamedTuple):
    """A heading's number ("step 3", "P2", "" after step 8) and its words."""

    number: str
    words: str


class Headings:
    """The headings of one trace: the eight steps are those of an echo, so a probe's rows go by packet.

    So do those of a flush probe, which is no part of the echo.
    """

    def __init__(self, run: Run) -> None:
        """Head the rows of this run."""
        self.by_packet = run.program != PING
        self._many = run.requests > 1

    def group(self, step: Step) -> tuple[int, str]:
        """Name the group that a row belongs to: its echo, and its step or packet."""
        return step.echo, step.packet if self._is_by_packet(step) else str(step.analysis)

    def sign(self, step: Step) -> str:
        """Return a row's step or packet in a sign: its number, its name, ``+`` after step 8."""
        return step.packet if self._is_by_packet(step) else str(step.analysis or "+")

    def _is_by_packet(self, step: Step) -> bool:
        return self.by_packet or step.packet == FLUSH

    def heading(self, first: Step, *, short: bool = False) -> Heading:
        """Head the group that a row begins; in short without what the packet bears."""
        echo = f" (echo {first.echo})" if self._many else ""
        if first.packet == FLUSH:
            return Heading(FLUSH, "ping sends itself a reply, to have its cached route cleared" + echo)
        if self.by_packet:
            sent = first.via == "syscall"
            words = "a process sends it" if sent else f"{first.stage} has it next"
            return Heading(first.packet, words + echo)
        words = TITLES[first.analysis]
        if first.analysis == LAST_STEP and not short:
            words = f"{words}, {_bearing(first)}"
        if first.analysis == MARKING_STEP and any(change.mark.name == "IN_DONE" for change in first.changes):
            words = "marked IN_DONE, queued for ip_input again"
        return Heading(f"step {first.analysis}" if first.analysis else "", words + echo)


def _bearing(step: Step) -> str:
    """Say what the packet bore when it came: marks made here do not count."""
    made_here = [change.mark for change in step.changes if change.op == "add"]
    borne = sum(mark not in made_here for mark in step.marks)
    borne += sum(change.op == "remove" for change in step.changes)
    if not borne:
        return "bearing no mark"
    return f"still bearing {borne} {'mark' if borne == 1 else 'marks'} of the request"
