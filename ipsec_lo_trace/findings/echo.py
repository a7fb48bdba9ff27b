"""What became of one echo: the rows that matter for the verdict, gathered as they pass."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.findings.required import Demand, Referee
from ipsec_lo_trace.model.trace import Check, Mark, Step

IP_OUTPUT = "ip_output"
LOOUTPUT = "looutput"
ICMP_INPUT = "icmp_input"
REQUEST = "P1"
TRANSFORMS = {"esp_output": "esp", "ah_output": "ah"}
"""What a transform's output stage puts around a packet, if it hands the packet on."""
PLACES = frozenset({IP_OUTPUT, LOOUTPUT, *TRANSFORMS})
WATCHED = PLACES | {"ip_input", "rip_input"}
"""The stages that an echo must see even if nothing was asked there; of others, only questions and endings."""
SOCKET_PREFIX = "socket:"


class Leak(msgspec.Struct):
    """Clear text where a policy demands protection: the row that shows it, and which demand it breaks."""

    row: int
    packet: str
    missing: tuple[str, ...]
    accepted: bool


class StaleDecision(msgspec.Struct):
    """A question that a stale mark settled: its row, and since which row the mark was stale."""

    row: int
    since: int
    check: Check
    stage: str


class Echo(msgspec.Struct):
    """The state of one echo request and its reply, while they are on their way."""

    packet: str = ""
    ends: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)
    wrapped: dict[str, set[str]] = msgspec.field(default_factory=dict)
    arrived: dict[str, set[str]] = msgspec.field(default_factory=dict)
    stale_since: int = 0
    stale: list[StaleDecision] = msgspec.field(default_factory=list)
    leaks: list[Leak] = msgspec.field(default_factory=list)
    ending: Step | None = None

    def see(self, step: Step, referee: Referee) -> None:
        """Take one row of this echo into account."""
        stage, packet = step.stage, step.packet
        if packet != self.packet:
            self.packet = packet
            if not self.stale_since and any(mark.stale for mark in (*step.marks, *_removed(step))):
                self.stale_since = step.row
        for check in step.checks:
            mark = check.mark
            if mark is not None and mark.stale:
                self.stale.append(StaleDecision(step.row, self.stale_since, check, stage))
        if stage in PLACES:
            self._note_place(step, referee)
        delivered = step.to.startswith(SOCKET_PREFIX)
        # The request's one gate is ip_input's; a reply is accepted when the socket's gate lets it in.
        if delivered or (step.to == ICMP_INPUT and packet == REQUEST):
            self._note_clear_acceptance(step, referee)
        if delivered or step.reason:
            self.ending = step

    def _note_place(self, step: Step, referee: Referee) -> None:
        """Note where the packet goes, what is put around it, and how it crosses lo0."""
        if step.stage == IP_OUTPUT:
            if step.visit == 1:
                self.ends[step.packet] = (step.wire.src, step.wire.dst)
        elif step.stage == LOOUTPUT:
            if step.wire.offset == 0:
                self.arrived[step.packet] = self._protection(step)
                self._note_clear_text(step, referee)
        elif step.to:
            self.wrapped.setdefault(step.packet, set()).add(TRANSFORMS[step.stage])

    def _protection(self, step: Step) -> set[str]:
        """Tell what protects a packet on lo0: what can be seen, and behind ESP what its rows put inside."""
        seen = set(step.wire.proto)
        return seen | self.wrapped.get(step.packet, set()) if "esp" in seen else seen

    def _note_clear_text(self, step: Step, referee: Referee) -> None:
        demand = self._demand(step.packet, "out", referee)
        borne = self.arrived[step.packet]
        missing = lacking(demand.insisted, borne)
        if not missing and not borne & set(demand.asked):
            missing = lacking(demand.asked, borne)
        if missing:
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=False))

    def _note_clear_acceptance(self, step: Step, referee: Referee) -> None:
        came_as = self.arrived.get(step.packet)
        if came_as is None:
            return
        demand = self._demand(step.packet, "in", referee)
        missing = lacking(demand.insisted, came_as)
        if missing:
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=True))

    def _demand(self, packet: str, direction: str, referee: Referee) -> Demand:
        return referee.demand(direction, *self.ends.get(packet, ("0.0.0.0", "0.0.0.0")))  # noqa: S104 -- nobody


def _removed(step: Step) -> list[Mark]:
    return [change.mark for change in step.changes if change.op == "remove"]


def lacking(wanted: tuple[str, ...], borne: set[str]) -> tuple[str, ...]:
    """Give what is wanted and not borne, each once."""
    return tuple(dict.fromkeys(proto for proto in wanted if proto not in borne))
