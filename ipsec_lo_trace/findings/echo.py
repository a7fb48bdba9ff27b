"""What became of one echo: the rows that matter for the verdict, gathered as they pass."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from ipsec_lo_trace.findings.required import Ends, Referee, ends_of
from ipsec_lo_trace.model.codes import FINDING_CODES, Decision
from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.model.trace import SOCKET, Check, Mark, Step

IP_OUTPUT = "ip_output"
IP_INPUT = "ip_input"
LOOUTPUT = "looutput"
ICMP_INPUT = "icmp_input"
ICMP_REFLECT = "icmp_reflect"
TRANSFORMS = {"esp_output": "esp", "ah_output": "ah", "ipcomp_output": "ipcomp"}
"""What a transform's output stage puts around a packet, if it hands the packet on."""
SEALED = frozenset({"esp", "ah", "ipcomp"})
OPAQUE = frozenset({"esp", "ipcomp"})
"""The protocols behind whose headers nothing can be seen."""
ARRIVED = {"ips_total"}
"""What moves for every packet that ip_input sees."""
PROCESS_DONE = "ipsec_process_done"
TCP_RESPOND = "tcp_respond"
BY_LAYOUT: frozenset[Decision] = frozenset({"reuse-by-layout", "new-mbuf-by-layout"})
"""The decisions that depend on how a packet lies in its mbufs."""
LEAVING = {LOOUTPUT: "crossed lo0", "ether_output": "left by ex0"}
"""Where anyone who listens sees a packet, and what it does there."""


def crosses_lo0(step: Step) -> bool:
    """Tell whether tcpdump on lo0 sees the packet here: looutput loops what goes to a group by ex0, too."""
    return step.stage == LOOUTPUT and "if_opackets" in step.counters


class Leak(msgspec.Struct):
    """Clear text where a policy demands protection: the row that shows it, and which demand it breaks.

    ``place`` says where: what the packet did, or the stage that accepted it.
    """

    row: int
    packet: str
    missing: tuple[str, ...]
    accepted: bool
    place: str


class StaleDecision(msgspec.Struct):
    """A question that a stale mark settled: its row, and since which row the mark was stale."""

    row: int
    since: int
    check: Check
    stage: str
    packet: str


class Note(msgspec.Struct, frozen=True):
    """Where a finding was first seen, since when its cause was there (None if it has none), and in words."""

    row: int
    since: int | None
    text: str


NOWHERE = Ends("0.0.0.0", "0.0.0.0")  # noqa: S104 -- nobody's address


class Echo(msgspec.Struct):
    """The state of one echo request and its reply, while they are on their way."""

    packet: str = ""
    made_by: dict[str, str] = msgspec.field(default_factory=dict)
    ends: dict[str, Ends] = msgspec.field(default_factory=dict)
    consulted: set[str] = msgspec.field(default_factory=set)
    applied: dict[str, list[tuple[str, int]]] = msgspec.field(default_factory=dict)
    wrapped: dict[str, set[str]] = msgspec.field(default_factory=dict)
    arrived: dict[str, set[str]] = msgspec.field(default_factory=dict)
    stale_since: int = 0
    stale: list[StaleDecision] = msgspec.field(default_factory=list)
    leaks: list[Leak] = msgspec.field(default_factory=list)
    notes: dict[str, Note] = msgspec.field(default_factory=dict)
    let_in: Step | None = None
    ending: Step | None = None
    failed: Step | None = None

    def see(self, step: Step, referee: Referee) -> None:
        """Take one row of this echo into account, and put down in it what protection it lacks."""
        stage, packet = step.stage, step.packet
        if packet != self.packet:
            self.packet = packet
            self.made_by.setdefault(packet, stage)
            if not self.stale_since and any(mark.stale for mark in (*step.marks, *_removed(step))):
                self.stale_since = step.row
        if step.checks:
            self._note_checks(step)
        note = AT_PLACES.get(stage)
        if note is not None:
            note(self, step, referee)
        to = step.to
        if to == ICMP_INPUT:
            self.let_in = step
        elif to == ICMP_REFLECT and stage == ICMP_INPUT:
            # A request that icmp_input answers has passed its one gate, ip_input's.
            self._note_clear_acceptance(self.let_in or step, referee)
        elif step.reason or to.startswith(SOCKET):
            self._note_ending(step, referee)

    def _note_checks(self, step: Step) -> None:
        """Note what a stale mark settled, and which policy was asked for."""
        for check in step.checks:
            mark, question = check.mark, check.id
            if mark is not None and mark.stale:
                self.stale.append(StaleDecision(step.row, self.stale_since, check, step.stage, step.packet))
            elif question == "out-policy":
                self.consulted.add(step.packet)
            elif question == "gate-1-tag" and check.answer == "default":
                self.note("default-policy", step, step.text)

    def note(self, code: str, step: Step, text: str, since: int | None = None) -> None:
        """Remember the first row that shows a finding."""
        if code not in self.notes:
            self.notes[code] = Note(step.row, since, text)

    def _note_ending(self, step: Step, referee: Referee) -> None:
        """Note what is accepted without what is insisted on, and a drop that says nothing.

        That is a drop by policy without a counter, or an error that is not sent.
        """
        self.ending = step
        if step.returned is not None:
            self.failed = step
        if not step.reason and step.stage not in LEAVING:
            self._note_clear_acceptance(step, referee)
        if step.reason == "in-policy" and step.counters.keys() <= ARRIVED:
            self.note("uncounted-drop", step, step.text)
        elif step.reason == "error-suppressed":
            self.note("error-suppressed", step, step.text)

    def note_output(self, step: Step, _referee: Referee) -> None:
        """Note the ends of a packet that goes out, before anything is put around it."""
        if step.visit == 1:
            self.ends[step.packet] = ends_of(step.wire)

    def note_leaving(self, step: Step, referee: Referee) -> None:
        """Note how a packet crosses lo0, or leaves the host."""
        if step.wire.offset == 0:
            self.arrived[step.packet] = self._protection(step)
            self._note_clear_text(step, referee)

    def note_arrival(self, step: Step, _referee: Referee) -> None:
        """Note how a packet came that this kernel did not send; of a sealed one its rows will tell more."""
        if step.packet == REQUEST and step.packet not in self.ends:
            self.ends[step.packet] = ends_of(step.wire)
            if not SEALED & set(step.wire.proto):
                self.arrived[step.packet] = set()

    def note_tag(self, step: Step, _referee: Referee) -> None:
        """Compare the OUT_DONE that was just made with the header that was just put on."""
        for change in step.changes:
            spi = change.mark.spi
            if spi is not None and step.wire.spi and spi != step.wire.spi[0]:
                text = f"OUT_DONE names 0x{spi:08x}, and 0x{step.wire.spi[0]:08x} was used"
                self.note("wrong-tag", step, text)

    def note_answer(self, step: Step, _referee: Referee) -> None:
        """Note that another build might have made a RST in another mbuf."""
        if step.decision in BY_LAYOUT:
            self.note("mbuf-layout", step, FINDING_CODES["mbuf-layout"])

    def note_transform(self, step: Step, _referee: Referee) -> None:
        """Note what was put around the packet, and whether the same SA had been."""
        if not step.to:
            return
        key = (TRANSFORMS[step.stage], step.wire.spi[0] if step.wire.spi else 0)
        done = self.applied.setdefault(step.packet, [])
        if key in done:
            self.note("encapsulated-twice", step, f"SA 0x{key[1]:08x} is applied to {step.packet} once more")
        done.append(key)
        self.wrapped.setdefault(step.packet, set()).add(key[0])

    def _protection(self, step: Step) -> set[str]:
        """Tell what protects a packet on lo0: what can be seen, and what its rows put where nothing can."""
        seen = set(step.wire.proto)
        return seen | self.wrapped.get(step.packet, set()) if seen & OPAQUE else seen

    def _note_clear_text(self, step: Step, referee: Referee) -> None:
        self.ends.setdefault(step.packet, ends_of(step.wire))
        missing = self._missing(step.packet, "out", referee)
        step.unmet = missing
        if missing:
            looped = step.stage == LOOUTPUT and not crosses_lo0(step)
            place = "was looped back by ex0" if looped else LEAVING[step.stage]
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=False, place=place))

    def _note_clear_acceptance(self, step: Step, referee: Referee) -> None:
        if step.packet not in self.arrived:
            return
        missing = self._missing(step.packet, "in", referee)
        step.unmet = missing
        if missing:
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=True, place=step.stage))

    def _missing(self, packet: str, direction: str, referee: Referee) -> tuple[str, ...]:
        return referee.missing(direction, self.ends.get(packet) or NOWHERE, self.arrived[packet])


def _removed(step: Step) -> list[Mark]:
    return [change.mark for change in step.changes if change.op == "remove"]


AT_PLACES: dict[str, Callable[[Echo, Step, Referee], None]] = {
    IP_INPUT: Echo.note_arrival,
    IP_OUTPUT: Echo.note_output,
    PROCESS_DONE: Echo.note_tag,
    TCP_RESPOND: Echo.note_answer,
    **dict.fromkeys(LEAVING, Echo.note_leaving),
    **dict.fromkeys(TRANSFORMS, Echo.note_transform),
}
"""What is noted at a stage."""
WATCHED = AT_PLACES.keys() | {ICMP_INPUT, "rip_input", "tcp_input", "udp_ctlinput", "udp_input"}
"""The stages that an echo must see even if nothing was asked there; of others, only questions and endings."""
