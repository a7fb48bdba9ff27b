"""What crossed lo0, or was accepted, with less than a policy protects it by: an independent check.

It shares nothing with the verdict's, so that each finds the other's mistakes.  It takes what tcpdump would
see on lo0 and the policies of the run record; of the trace's rows only a packet's ports, and which packets
were accepted.

SIMPLER: what is inside ESP, IPComp or an AH tunnel is not judged, since nobody can see on lo0 what it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.proto import PROTO_NUMBERS
from ipsec_lo_trace.model.trace import SOCKET, Crossing, Packet, SaRecord
from ipsec_lo_trace.tracer.tracing import Trace

OPAQUE = ("esp", "ipcomp")
ANY_PROTOCOL = 255
INSISTING = ("require", "unique")


def sent_in_clear(trace: Trace) -> Iterator[tuple[Crossing, PolicyRecord]]:
    """Yield what crossed lo0 with less than its outbound policy protects it by, and that policy."""
    for crossing, policy in _readable(trace, "out"):
        if _lacks_insisted(policy, crossing) or _bare(policy, crossing, trace.run.sas):
            yield crossing, policy


def accepted_in_clear(trace: Trace) -> Iterator[tuple[Crossing, PolicyRecord]]:
    """Yield what was accepted though it crossed lo0 with less than its inbound policy insists on."""
    accepted = {
        (step.echo, step.packet)
        for step in trace.steps
        if step.to.startswith(SOCKET) or (step.stage, step.to) == ("icmp_input", "icmp_reflect")
    }
    for crossing, policy in _readable(trace, "in"):
        if (crossing.echo, crossing.packet) in accepted and _lacks_insisted(policy, crossing):
            yield crossing, policy


def _readable(trace: Trace, direction: str) -> Iterator[tuple[Crossing, PolicyRecord]]:
    """Yield each crossing that shows what it carries, and its policy if it has one."""
    for crossing in trace.crossings:
        wire = trace.steps[crossing.row - 1].wire
        inside = [name for name in crossing.proto if name != "ah"]
        hidden = any(name in OPAQUE for name in inside) or ("ah" in crossing.proto and "ipip" in inside)
        # The policy was asked before the packet was cut; its first piece stands for all.
        if hidden or wire.offset or not inside:
            continue
        policy = _policy_for(
            trace.run.policies, direction, wire, PROTO_NUMBERS.get(inside[0]) or int(inside[0])
        )
        if policy is not None:
            yield crossing, policy


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
            and IPv4Address(wire.src) in IPv4Network(policy.src)
            and IPv4Address(wire.dst) in IPv4Network(policy.dst)
        ):
            return policy
    return None


def _lacks_insisted(policy: PolicyRecord, crossing: Crossing) -> bool:
    """Tell whether a packet lacks what a policy insists on; a receiver cannot insist on IPComp (RFC 3173)."""
    insisted = [rule.proto for rule in policy.requests if rule.level in INSISTING]
    needless = "ipcomp" if policy.dir == "in" else ""
    return any(proto not in (*crossing.proto, needless) for proto in insisted)


def _bare(policy: PolicyRecord, crossing: Crossing, sas: list[SaRecord]) -> bool:
    """Tell whether a packet has nothing around it though an SA fits a rule of its policy."""
    return "ah" not in crossing.proto and any(_served(rule, crossing, sas) for rule in policy.requests)


def _served(rule: RequestRecord, crossing: Crossing, sas: list[SaRecord]) -> bool:
    """Tell whether an SA fits a rule: by protocol, mode, reqid and ends."""
    wanted = (rule.proto, rule.src or crossing.src, rule.dst or crossing.dst)
    return any(
        (sa.proto, sa.src, sa.dst) == wanted and sa.mode in ("any", rule.mode) and rule.reqid in (0, sa.reqid)
        for sa in sas
    )
