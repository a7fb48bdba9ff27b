"""What protection a packet should have and lacks, looked up once for all packets alike."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.audit.policies import WAYS, Ends, Policies
from ipsec_lo_trace.findings.required import ASKING_LEVELS, Demand
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration, HostPolicy, HostRule
from ipsec_lo_trace.model.proto import (
    IPPROTO_ICMP,
    IPPROTO_ICMPV6,
    IPPROTO_IPCOMP,
    IPPROTO_TCP,
    IPPROTO_UDP,
    PROTO_NAMES,
)
from ipsec_lo_trace.wire.network import Layer

MAX_KINDS = 4096
COMPRESSION = "ipcomp"
"""What a policy may ask for, and what protects nothing.  RFC 3173 section 2.2."""
WITH_PORTS = frozenset({IPPROTO_TCP, IPPROTO_UDP, 33, 132, 136})
"""Protocols that begin with two ports; DCCP, SCTP and UDP-Lite among them."""
TOLD = dict.fromkeys(WITH_PORTS, 4) | dict.fromkeys((IPPROTO_ICMP, IPPROTO_ICMPV6), 2)
"""How many bytes of a payload policies look at: two ports, or type and code."""
DEFAULT = HostPolicy(direction="", src=None, dst=None, kind="none")

MET, MISSING, DISCARDED, UNSURE = "", "missing", "discarded", "unsure"
"""How a packet stands to the policies of one direction."""


class Due(msgspec.Struct, frozen=True, gc=False):
    """What the outbound policy asks for, what of it is missing, and what the inbound policy misses.

    ``got`` is what the packet bears, as an AuditPacket has it.  ``out`` and ``into`` say how it stands to the
    policies of either direction; ``refused`` is empty if it lacks what the outbound ones ask for.
    """

    got: str
    asked: tuple[str, ...]
    missing: tuple[str, ...]
    refused: tuple[str, ...]
    out: str
    into: str


class Standing(NamedTuple):
    """How a packet stands to one policy: ``state`` as above, what the policy asks for, what is missing."""

    state: str
    asked: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Dues:
    """Answers from the policies of an audit; ``met`` tells whether one fitted any packet."""

    def __init__(self, host: HostConfiguration) -> None:
        self.met = False
        self._policies = Policies(host.policies)
        self._defaults = {way: _default(host.defaults.get(way, "none")) for way in WAYS}
        self._lost_sas = host.lost_sas
        self._served: dict[tuple[int, bytes, bytes], list[tuple[str, int, bool]]] = {}
        for sa in host.sas:
            ends = sa.proto, sa.src.packed, sa.dst.packed
            self._served.setdefault(ends, []).append((sa.mode, sa.reqid, bool(sa.opaque)))
        self._of = lru_cache(MAX_KINDS)(self._look_up)

    def of(self, layer: Layer, proto: int, payload: bytes, borne: tuple[str, ...]) -> Due:
        """Tell what is due to a packet that carries a payload, and that ``borne`` was taken off."""
        told = payload[: TOLD.get(proto, 0)] if not layer.offset else b""
        return self._of(proto, layer.ends, told, borne)

    def _look_up(self, upper: int, addresses: bytes, told: bytes, borne: tuple[str, ...]) -> Due:
        half = len(addresses) // 2
        step = 2 if upper in WITH_PORTS else 1
        ports = (
            (int.from_bytes(told[:step], "big"), int.from_bytes(told[step:], "big")) if told else (None, None)
        )
        ends = Ends(addresses[:half], addresses[half:], upper, *ports)
        out = self._standing("out", ends, borne)
        into = self._standing("in", ends, borne)
        refused = () if out.state == MISSING else into.missing
        return Due(_got(borne), out.asked, out.missing, refused, out.state, into.state)

    def _standing(self, way: str, ends: Ends, borne: tuple[str, ...]) -> Standing:
        """Hold a packet against all policies that may be asked, up to the first that is sure to be."""
        standings: list[Standing] = []
        for policy in (*self._policies.fitting(way, ends), self._defaults[way]):
            self.met = self.met or policy is not self._defaults[way]
            standings.append(self._to_one(policy, ends, borne))
            if not policy.condition:
                break
        first = standings[0]
        if any(standing.state != first.state for standing in standings):
            return Standing(UNSURE, first.asked)
        return first

    def _to_one(self, policy: HostPolicy, ends: Ends, borne: tuple[str, ...]) -> Standing:
        if policy.kind == UNKNOWN:
            return Standing(UNSURE)
        if policy.kind == "discard":
            return Standing(DISCARDED)
        if policy.kind != "ipsec":
            return Standing(MET)
        demand = self._demand(policy, ends)
        missing = _unmet(demand, borne) if policy.direction == "out" else _lacking(demand.insisted, borne)
        if (
            not missing
            and self._lost_sas
            and len(demand.asked) < len(policy.rules)
            and _lacking(_all(policy), borne)
        ):
            # An SA that could not be read may serve what is only used where it can be.
            return Standing(UNSURE, demand.asked)
        return Standing(MISSING if missing else MET, demand.asked, missing)

    def _demand(self, policy: HostPolicy, ends: Ends) -> Demand:
        rules = [(PROTO_NAMES[rule.proto], rule) for rule in policy.rules if rule.proto != IPPROTO_IPCOMP]
        insisted = tuple(name for name, rule in rules if rule.level in ASKING_LEVELS)
        asked = tuple(name for name, rule in rules if rule.level in ASKING_LEVELS or self._serves(rule, ends))
        return Demand(asked, insisted)

    def _serves(self, rule: HostRule, ends: Ends) -> bool:
        """Tell whether an SA can serve a rule: one that does not insist asks for nothing without it."""
        src = rule.src.packed if rule.src else ends.src
        dst = rule.dst.packed if rule.dst else ends.dst
        return any(
            opaque or (mode in ("any", rule.mode) and rule.reqid in (0, reqid))
            for mode, reqid, opaque in self._served.get((rule.proto, src, dst), ())
        )


def _all(policy: HostPolicy) -> tuple[str, ...]:
    """Name what all rules of a policy would ask for."""
    return tuple(PROTO_NAMES[rule.proto] for rule in policy.rules if rule.proto != IPPROTO_IPCOMP)


def _lacking(wanted: tuple[str, ...], borne: tuple[str, ...]) -> tuple[str, ...]:
    """Return what is wanted more often than borne, each once."""
    return tuple(dict.fromkeys(name for name in wanted if wanted.count(name) > borne.count(name)))


def _unmet(demand: Demand, borne: tuple[str, ...]) -> tuple[str, ...]:
    """Return what an outbound demand misses: all that it insists on; if nothing is borne, all."""
    missing = _lacking(demand.insisted, borne)
    if missing or any(name in borne for name in demand.asked):
        return missing
    return _lacking(demand.asked, borne)


def _default(kind: str) -> HostPolicy:
    return DEFAULT if kind == "none" else HostPolicy(direction="", src=None, dst=None, kind=kind)


def _got(borne: tuple[str, ...]) -> str:
    names = {name for name in borne if name != COMPRESSION}
    return "+".join(name for name in ("esp", "ah") if name in names) or "clear"
