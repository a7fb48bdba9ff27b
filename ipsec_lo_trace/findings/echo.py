"""What became of one echo: the rows that matter for the verdict, gathered as they pass."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.findings.required import Demand, Referee
from ipsec_lo_trace.model.trace import Check, Mark, Step

IP_OUTPUT = "ip_output"
LOOUTPUT = "looutput"
ICMP_INPUT = "icmp_input"
WATCHED = frozenset({IP_OUTPUT, LOOUTPUT, "ip_input", "rip_input"})
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
    arrived: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    stale_since: int = 0
    stale: list[StaleDecision] = msgspec.field(default_factory=list)
    leaks: list[Leak] = msgspec.field(default_factory=list)
    ending: Step | None = None

    def see(self, step: Step, referee: Referee) -> None:
        """Take one row of this echo into account."""
        if step.packet != self.packet:
            self.packet = step.packet
            if not self.stale_since and any(mark.stale for mark in (*step.marks, *_removed(step))):
                self.stale_since = step.row
        if step.checks:
            self._note_stale_decisions(step)
        if step.stage == IP_OUTPUT and step.visit == 1:
            self.ends[step.packet] = (step.wire.src, step.wire.dst)
        elif step.stage == LOOUTPUT and step.wire.offset == 0:
            self.arrived[step.packet] = tuple(step.wire.proto)
            self._note_clear_text(step, referee)
        delivered = step.to.startswith(SOCKET_PREFIX)
        if delivered or step.to == ICMP_INPUT:
            self._note_clear_acceptance(step, referee)
        if delivered or step.reason:
            self.ending = step

    def _note_stale_decisions(self, step: Step) -> None:
        for check in step.checks:
            if check.decided_by_stale:
                self.stale.append(StaleDecision(step.row, self.stale_since, check, step.stage))

    def _note_clear_text(self, step: Step, referee: Referee) -> None:
        demand = self._demand(step.packet, "out", referee)
        missing = tuple(proto for proto in demand.insisted if proto not in step.wire.proto)
        if not missing and not set(demand.asked) & set(step.wire.proto):
            missing = demand.asked
        if missing:
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=False))

    def _note_clear_acceptance(self, step: Step, referee: Referee) -> None:
        came_as = self.arrived.get(step.packet)
        if came_as is None:
            return
        demand = self._demand(step.packet, "in", referee)
        missing = tuple(proto for proto in demand.insisted if proto not in came_as)
        if missing:
            self.leaks.append(Leak(step.row, step.packet, missing, accepted=True))

    def _demand(self, packet: str, direction: str, referee: Referee) -> Demand:
        return referee.demand(direction, *self.ends.get(packet, ("0.0.0.0", "0.0.0.0")))  # noqa: S104 -- nobody


def _removed(step: Step) -> list[Mark]:
    return [change.mark for change in step.changes if change.op == "remove"]
