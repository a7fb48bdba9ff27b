"""What crossed lo0, or was accepted, with less than a policy protects it by: an independent check.

It shares nothing with the verdict's, so that each finds the other's mistakes.  It takes what tcpdump would
see on lo0 and the policies of the run record; of the trace's rows only a packet's ports, and which packets
were accepted.

SIMPLER: what is inside ESP, IPComp or an AH tunnel is not judged, since nobody can see on lo0 what it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.proto import PROTO_NUMBERS
from ipsec_lo_trace.model.trace import Packet, SaRecord
from ipsec_lo_trace.sweep.ran import Crossed, Ran

OPAQUE = ("esp", "ipcomp")
ANY_PROTOCOL = 255
INSISTING = ("require", "unique")


def sent_in_clear(ran: Ran) -> Iterator[tuple[Crossed, PolicyRecord]]:
    """Yield what crossed lo0 with less than its outbound policy protects it by, and that policy."""
    for crossed, policy in _readable(ran, "out"):
        if _lacks_insisted(policy, crossed.wire) or _bare(policy, crossed.wire, ran.sas):
            yield crossed, policy


def accepted_in_clear(ran: Ran) -> Iterator[tuple[Crossed, PolicyRecord]]:
    """Yield what was accepted though it crossed lo0 with less than its inbound policy insists on."""
    for crossed, policy in _readable(ran, "in"):
        if (crossed.echo, crossed.packet) in ran.accepted and _lacks_insisted(policy, crossed.wire):
            yield crossed, policy


def _readable(ran: Ran, direction: str) -> Iterator[tuple[Crossed, PolicyRecord]]:
    """Yield each crossing that shows what it carries, and its policy if it has one."""
    for crossed in ran.crossed:
        wire = crossed.wire
        inside = [name for name in wire.proto if name != "ah"]
        hidden = any(name in OPAQUE for name in inside) or ("ah" in wire.proto and "ipip" in inside)
        # The policy was asked before the packet was cut; its first piece stands for all.
        if hidden or wire.offset or not inside:
            continue
        policy = _policy_for(ran.policies, direction, wire, PROTO_NUMBERS.get(inside[0]) or int(inside[0]))
        if policy is not None:
            yield crossed, policy


def _policy_for(
    policies: list[PolicyRecord], direction: str, wire: Packet, upper: int
) -> PolicyRecord | None:
    """Find the first policy of a direction for a packet."""
    sport, dport = wire.ports or (0, 0)
    for policy in policies:
        if (
            policy.dir == direction
            and policy.upper in (ANY_PROTOCOL, upper)
            and policy.src_port in (0, sport)
            and policy.dst_port in (0, dport)
            and _within(wire.src, policy.src)
            and _within(wire.dst, policy.dst)
        ):
            return policy
    return None


@lru_cache(maxsize=256)
def _within(address: str, network: str) -> bool:
    return IPv4Address(address) in IPv4Network(network)


def _lacks_insisted(policy: PolicyRecord, wire: Packet) -> bool:
    """Tell whether a packet lacks what a policy insists on; a receiver cannot insist on IPComp (RFC 3173)."""
    insisted = [rule.proto for rule in policy.requests if rule.level in INSISTING]
    needless = "ipcomp" if policy.dir == "in" else ""
    return any(proto not in (*wire.proto, needless) for proto in insisted)


def _bare(policy: PolicyRecord, wire: Packet, sas: list[SaRecord]) -> bool:
    """Tell whether a packet has nothing around it though an SA fits a rule of its policy."""
    return "ah" not in wire.proto and any(_served(rule, wire, sas) for rule in policy.requests)


def _served(rule: RequestRecord, wire: Packet, sas: list[SaRecord]) -> bool:
    """Tell whether an SA fits a rule: by protocol, mode, reqid and ends."""
    wanted = (rule.proto, rule.src or wire.src, rule.dst or wire.dst)
    return any(
        (sa.proto, sa.src, sa.dst) == wanted and sa.mode in ("any", rule.mode) and rule.reqid in (0, sa.reqid)
        for sa in sas
    )
