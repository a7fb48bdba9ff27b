"""What the configured policies ask of a packet, judged from the run record alone.

This is the referee's own reading of the SPD (first match by addresses, ports and protocol, RFC 2401 section
4.4.1), so that a kernel stage that forgets a policy is found out.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from ipsec_lo_trace.model.trace import PolicyRecord, Run

ANY = 255
ICMP = 1
ASKING_LEVELS = ("require", "unique")


class Demand(NamedTuple):
    """What a policy asks for: every protocol it names, and those whose level insists."""

    asked: tuple[str, ...]
    insisted: tuple[str, ...]


NOTHING = Demand((), ())


class Referee:
    """Answers from a run's policies what a packet's protection must be."""

    def __init__(self, run: Run) -> None:
        """Read the policies of the run record."""
        self._policies = [
            (policy, IPv4Network(policy.src), IPv4Network(policy.dst)) for policy in run.policies
        ]
        self.demand = lru_cache(maxsize=1024)(self._demand)

    def _demand(self, direction: str, src: str, dst: str) -> Demand:
        """Give what the first matching policy asks of an ICMP packet from ``src`` to ``dst``."""
        for policy, src_net, dst_net in self._policies:
            if (
                policy.dir == direction
                and policy.upper in (ANY, ICMP)
                and not (policy.src_port or policy.dst_port)
                and IPv4Address(src) in src_net
                and IPv4Address(dst) in dst_net
            ):
                return _demand_of(policy)
        return NOTHING


def _demand_of(policy: PolicyRecord) -> Demand:
    rules = [rule.split("/") for rule in policy.requests]
    asked = tuple(rule[0] for rule in rules)
    insisted = tuple(rule[0] for rule in rules if rule[-1].split(":")[0] in ASKING_LEVELS)
    return Demand(asked, insisted)
