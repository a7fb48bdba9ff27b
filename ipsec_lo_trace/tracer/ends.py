"""The ends of a run: those given, the case's, or those that the configuration's own policies are about."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import TYPE_CHECKING

import msgspec

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.policy import ULPROTO_ANY, Direction, Policy, PolicyType, Selector
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.model.setup import LOCALHOST, Setup, address, can_be_local, local_address

if TYPE_CHECKING:
    from ipsec_lo_trace.cases.case import Case

Pair = tuple[IPv4Address, IPv4Address]
HOST_BITS = 32
"""The length of a prefix that leaves one address."""


class Ends(msgspec.Struct, frozen=True):
    """Where requests go, where the socket is bound to (None: nowhere), and the addresses of lo0.

    ``of_policy`` tells that the two ends are those of a policy, which nobody gave.
    """

    dst: IPv4Address
    src: IPv4Address | None
    local: frozenset[IPv4Address]
    of_policy: bool = False


def case_of(setup: Setup) -> Case | None:
    """Find the case of a setup; None if it has none, UserError if there is none of that name."""
    if setup.case is None:
        return None
    from ipsec_lo_trace.cases.case import known_case  # noqa: PLC0415 -- few runs are of a case

    return known_case(setup.case)


def given_ends(setup: Setup) -> tuple[IPv4Address, IPv4Address | None]:
    """Return destination and source: those given, else the case's, else 127.0.0.1 to itself."""
    case = case_of(setup)
    host = LOCALHOST if case is None else case.dst
    source = case.src if case is not None and case.src != case.dst else None
    return (
        host if setup.host is None else address("host", setup.host),
        source if setup.source is None else address("source", setup.source),
    )


def ends_of(setup: Setup, db: Databases) -> Ends:
    """Work out the ends of a run; UserError, about the field at fault, for those that lo0 cannot have."""
    local = frozenset(_local(setup))
    pair = _asked_for(setup, db)
    if pair is not None and pair != (LOCALHOST, LOCALHOST):
        src, dst = pair
        return Ends(dst, None if src == dst else src, local | {src, dst}, of_policy=True)
    dst, bound = given_ends(setup)
    for field, end in (("host", dst), ("source", bound)):
        if end is not None and end not in local:
            has = ", ".join(map(str, sorted(local)))
            hint = "{other} " + f"{end} adds it" if can_be_local(end) else "no interface can have it"
            raise UserError(
                f"not local, lo0 has {has}", field=field, token=str(end), other="local", hint=hint
            )
    if setup.config is None and setup.case is None and bound not in (None, dst):
        reason = f"the built-in configuration is for {dst} to itself"
        raise UserError(reason, field="source", token=str(bound), other="config", hint="give {other}")
    return Ends(dst, bound, local)


def _local(setup: Setup) -> Iterator[IPv4Address]:
    """Yield the addresses that lo0 has: 127.0.0.1, those given, and the case's."""
    yield LOCALHOST
    yield from (local_address("local", text) for text in setup.local)
    if (case := case_of(setup)) is not None:
        yield from (case.src, case.dst)


def _asked_for(setup: Setup, db: Databases) -> Pair | None:
    """Return the ends that a setup has taken from its policies; None where the given ones hold."""
    if setup.ends is None or (setup.ends == "pair" and (has_own_ends(setup) or not _is_one_pair(db))):
        return None
    pair = first_pair(db)
    if pair is None and setup.ends == "auto":
        reason = "no IPsec policy is about addresses that lo0 can have"
        raise UserError(reason, field="ends", token=setup.ends, other="host", hint="give {other}")
    return pair


def has_own_ends(setup: Setup) -> bool:
    """Tell whether a probe sends elsewhere than from one end to the other: to a group, on to another host."""
    if setup.probe is None:
        return False
    from ipsec_lo_trace.userland.probe_kind import known_probe  # noqa: PLC0415 -- a ping does without

    return bool(known_probe(setup.probe).config)


def _is_one_pair(db: Databases) -> bool:
    """Tell whether all IPsec policies are about one pair of hosts, in whichever direction."""
    pairs = {
        frozenset((policy.selector.src, policy.selector.dst))
        for policies in db.sptree.values()
        for policy in policies
        if policy.kind is PolicyType.IPSEC
    }
    return len(pairs) == 1 and all(net.prefixlen == HOST_BITS for pair in pairs for net in pair)


def first_pair(db: Databases) -> Pair | None:
    """Return source and destination that the first IPsec policy is about; None if no policy has such.

    Outbound ones come first, since a request meets them first.  Of networks that is the first SA between
    two of their addresses, and without one the first address of each.
    """
    for direction in (Direction.OUT, Direction.IN):
        for policy in db.sptree[direction]:
            pair = _pair(policy.selector, db) if policy.kind is PolicyType.IPSEC else None
            if pair is not None and all(map(can_be_local, pair)):
                return pair
    return None


def _pair(selector: Selector, db: Databases) -> Pair:
    src, dst = selector.src, selector.dst
    if not src.prefixlen == dst.prefixlen == HOST_BITS:
        for head in reversed(db.sahtree):
            if head.index.src in src and head.index.dst in dst:
                return head.index.src, head.index.dst
    return _first_host(src), _first_host(dst)


def _first_host(net: IPv4Network) -> IPv4Address:
    if LOCALHOST in net:
        return LOCALHOST
    return net.network_address + (net.num_addresses > 2)  # noqa: PLR2004 -- RFC 3021: both of a /31 are hosts


def beside_the_point(setup: Setup, db: Databases) -> str:
    """Say that policies there are, and none about the ends of the run; "" if one is, or there is none.

    UserError as ``ends_of`` has it.
    """
    ends = ends_of(setup, db)
    if has_own_ends(setup):
        return ""
    policies = [policy for each in db.sptree.values() for policy in each]
    src, proto = ends.src or ends.dst, IPPROTO_ICMP if setup.probe is None else None
    if not policies or any(_is_about(policy, src, ends.dst, proto) for policy in policies):
        return ""
    many = "1 policy, and it is not" if len(policies) == 1 else f"{len(policies)} policies, and none is"
    what = "a ping" if setup.probe is None else "a probe"
    return f"{many} about {what} from {src} to {ends.dst}: nothing is protected"


def _is_about(policy: Policy, src: IPv4Address, dst: IPv4Address, proto: int | None) -> bool:
    """Tell whether a policy covers packets between two addresses, whichever way they go."""
    selector = policy.selector
    if proto is not None and selector.ul_proto not in (ULPROTO_ANY, proto):
        return False
    return any(a in selector.src and b in selector.dst for a, b in ((src, dst), (dst, src)))
