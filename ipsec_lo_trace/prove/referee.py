"""What the policies ask of a packet, by the referee's own reading of them, where they are not decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from ipsec_lo_trace.findings.required import Ends, Referee, missing
from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.policy import ULPROTO_ANY, Policy
from ipsec_lo_trace.model.trace import SaRecord
from ipsec_lo_trace.prove.host import by
from ipsec_lo_trace.prove.path import Path
from ipsec_lo_trace.prove.slots import NO_POLICY, NOBODYS, THERE, Slot
from ipsec_lo_trace.prove.slots import Ends as Pair


class _Nothing(NamedTuple):
    """The record of a host without SAs and policies; what there is, an open referee asks for."""

    sas: list[SaRecord]
    policies: list[PolicyRecord]


class OpenReferee(Referee):
    """A referee who reads each policy that is possible, and goes on with those that ask for one thing.

    Whether there is an SA is asked only for a rule that may do without one.
    """

    def __init__(self, path: Path, slots: Sequence[Slot], pairs: Sequence[Pair]) -> None:
        """Watch over a host of which nothing is decided."""
        super().__init__(_Nothing([], []))
        self._path = path
        self._slots = slots
        self._pairs = {(str(src), str(dst)) for src, dst in pairs}

    def missing(self, direction: str, ends: Ends, borne: Collection[str]) -> tuple[str, ...]:
        """Return what the first policy that covers a packet asks of it, and it does not bear."""

        def of(sp: Policy | None) -> tuple[str, ...]:
            if sp is None:
                return ()
            demand = self.demand_of(sp.record(), ends)
            return missing(direction, demand, borne)

        places = [slot for slot in self._slots if slot.direction.name.lower() == direction]
        covering = [slot for slot in places if _covers(slot, ends)]
        for slot in covering:
            # What the last one asks for may be nothing, for want of a policy as well as by one.
            if slot is covering[-1] or not self._path.ask(slot.name, NO_POLICY):
                return by(self._path, slot.name, slot.policies, of)
        return ()

    def _served(self, rule: RequestRecord, ends: Ends) -> bool:
        """Tell whether an SA can serve a rule; which SAs there are is decided here, if it was not."""
        served = (rule.src or ends.src, rule.dst or ends.dst)
        if served not in self._pairs or rule.reqid == NOBODYS:
            return False
        return self._path.ask(f"{rule.proto} {served[0]} {served[1]}", THERE)


def _covers(slot: Slot, ends: Ends) -> bool:
    here = slot.wide or (str(slot.ends[0]), str(slot.ends[1])) == (ends.src, ends.dst)
    return here and slot.upper in (ULPROTO_ANY, ends.upper)
