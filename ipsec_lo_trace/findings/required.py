"""What the configured policies ask of a packet, judged from the run record alone.

This is the referee's own reading of the SPD (first match by addresses, ports and protocol, RFC 2401 section
4.4.1), so that a kernel stage that forgets a policy is found out.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple, Protocol

from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.proto import PROTO_NUMBERS
from ipsec_lo_trace.model.trace import Packet, SaRecord

ANY = 255
ICMP = 1
NOBODY = "0.0.0.0"  # noqa: S104 -- nobody's address
ASKING_LEVELS = ("require", "unique")


class Demand(NamedTuple):
    """What a policy asks for: every protocol it names, and those whose level insists."""

    asked: tuple[str, ...]
    insisted: tuple[str, ...]


NOTHING = Demand((), ())


class Ends(NamedTuple):
    """What a selector looks at: addresses, upper protocol number, ports (0 where there are none)."""

    src: str
    dst: str
    upper: int = ICMP
    src_port: int = 0
    dst_port: int = 0


def ends_of(wire: Packet) -> Ends:
    """Read a packet's ends off its description, by its outermost header."""
    return _ends(wire.proto[0] if wire.proto else "", wire.src, wire.dst, *wire.ports)


@lru_cache(maxsize=1024)
def _ends(name: str, src: str, dst: str, src_port: int = 0, dst_port: int = 0) -> Ends:
    upper = PROTO_NUMBERS.get(name) or (int(name) if name.isdigit() else ANY)
    return Ends(src or NOBODY, dst or NOBODY, upper, src_port, dst_port)


class Databases(Protocol):
    """A record that describes SAD and SPD: a trace's run record, or an audit's."""

    @property
    def sas(self) -> list[SaRecord]:
        """The SAs."""

    @property
    def policies(self) -> list[PolicyRecord]:
        """The policies, each direction in the order of the SPD."""


@lru_cache(maxsize=256)
def _prefix(text: str) -> tuple[int, int]:
    """Read a prefix: its mask and its network, 32 bits each."""
    network = IPv4Network(text)
    return int(network.netmask), int(network.network_address)


@lru_cache(maxsize=1024)
def _number(address: str) -> int:
    return int(IPv4Address(address))


class Referee:
    """Answers from a run's policies what a packet's protection must be."""

    def __init__(self, run: Databases) -> None:
        """Read the policies and the SAs of the run record."""
        self._sas = run.sas
        self._policies = [(policy, _prefix(policy.src), _prefix(policy.dst)) for policy in run.policies]
        self.demand = lru_cache(maxsize=1024)(self._demand)

    def missing(self, direction: str, ends: Ends, borne: Collection[str]) -> tuple[str, ...]:
        """Return what the first matching policy asks of a packet and the packet does not bear."""
        return missing(direction, self.demand(direction, ends), borne)

    def _demand(self, direction: str, ends: Ends) -> Demand:
        """Return what the first matching policy asks of a packet."""
        src, dst = _number(ends.src), _number(ends.dst)
        for policy, (src_mask, src_net), (dst_mask, dst_net) in self._policies:
            if (
                policy.dir == direction
                and policy.upper in (ANY, ends.upper)
                and policy.src_port in (0, ends.src_port)
                and policy.dst_port in (0, ends.dst_port)
                and src & src_mask == src_net
                and dst & dst_mask == dst_net
            ):
                return self.demand_of(policy, ends)
        return NOTHING

    def demand_of(self, policy: PolicyRecord, ends: Ends) -> Demand:
        """Return what a policy asks of a packet that it covers."""
        rules = policy.requests
        asked = tuple(rule.proto for rule in rules if _insists(rule) or self._served(rule, ends))
        insisted = tuple(rule.proto for rule in rules if _insists(rule))
        if policy.dir == "in":
            # RFC 3173 section 2.2: any packet may come without IPComp, which protects nothing.
            insisted = tuple(proto for proto in insisted if proto != "ipcomp")
        return Demand(asked, insisted)

    def _served(self, rule: RequestRecord, ends: Ends) -> bool:
        """Tell whether an SA can serve a rule: one that does not insist asks for nothing without it."""
        served = (rule.src or ends.src, rule.dst or ends.dst)
        return any(
            sa.proto == rule.proto
            and (sa.src, sa.dst) == served
            and sa.mode in ("any", rule.mode)
            and rule.reqid in (0, sa.reqid)
            for sa in self._sas
        )


def _insists(rule: RequestRecord) -> bool:
    return rule.level in ASKING_LEVELS


def lacking(wanted: tuple[str, ...], borne: Collection[str]) -> tuple[str, ...]:
    """Return what is wanted and not borne, each once."""
    missing = [proto for proto in wanted if proto not in borne]
    return tuple(dict.fromkeys(missing)) if missing else ()


def missing(direction: str, demand: Demand, borne: Collection[str]) -> tuple[str, ...]:
    """Return what a demand misses in a packet: outbound as ``unmet`` says, inbound what it insists on."""
    return unmet(demand, borne) if direction == "out" else lacking(demand.insisted, borne)


def unmet(demand: Demand, borne: Collection[str]) -> tuple[str, ...]:
    """Return what an outbound demand misses in a packet: all that it insists on; if nothing is borne, all."""
    missing = lacking(demand.insisted, borne)
    if missing or any(proto in borne for proto in demand.asked):
        return missing
    return lacking(demand.asked, borne)
