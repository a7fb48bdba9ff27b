"""The policies of an audit by what they are for, so that thousands cost no more than one.

The first that fits is asked.  RFC 4301 section 4.4.1.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from ipsec_lo_trace.model.host import UPPER_ANY, HostPolicy, Network

WAYS = ("in", "out")
FAMILIES = {4: 32, 16: 128}
"""The bits of an address, by its bytes."""
ANY_V4, ANY_V6 = IPv4Network("0.0.0.0/0"), IPv6Network("::/0")


class Ends(NamedTuple):
    """What a selector looks at: addresses as bytes, upper protocol, ports (None where there are none)."""

    src: bytes
    dst: bytes
    upper: int
    src_port: int | None
    dst_port: int | None


class Shape(NamedTuple):
    """The prefixes of some policies as masks, and those policies with their ranks by masked addresses."""

    src_mask: int
    dst_mask: int
    policies: dict[tuple[int, int], list[tuple[int, HostPolicy]]]


class Policies:
    """The policies of both directions."""

    def __init__(self, policies: list[HostPolicy]) -> None:
        """Take them in the order in which they are asked."""
        self._shapes: dict[tuple[str, int], dict[tuple[int, int], Shape]] = {}
        for rank, policy in enumerate(policies):
            for src, dst in _networks(policy):
                self._add(rank, policy, src, dst)

    def _add(self, rank: int, policy: HostPolicy, src: Network, dst: Network) -> None:
        shapes = self._shapes.setdefault((policy.direction, src.max_prefixlen), {})
        masks = int(src.netmask), int(dst.netmask)
        shape = shapes.setdefault(masks, Shape(*masks, {}))
        key = int(src.network_address), int(dst.network_address)
        shape.policies.setdefault(key, []).append((rank, policy))

    def fitting(self, way: str, ends: Ends) -> list[HostPolicy]:
        """Return those that fit a packet, in the order in which they are asked."""
        src, dst = int.from_bytes(ends.src, "big"), int.from_bytes(ends.dst, "big")
        found: list[tuple[int, HostPolicy]] = []
        for src_mask, dst_mask, policies in self._shapes.get((way, 8 * len(ends.src)), {}).values():
            found += policies.get((src & src_mask, dst & dst_mask), ())
        found.sort(key=lambda ranked: ranked[0])
        return [policy for _rank, policy in found if _fits(policy, ends)]


def _networks(policy: HostPolicy) -> list[tuple[Network, Network]]:
    """Return a policy's networks, of both families where it leaves both ends open."""
    src, dst = policy.src, policy.dst
    if src is None and dst is None:
        return [(ANY_V4, ANY_V4), (ANY_V6, ANY_V6)]
    anywhere = ANY_V4 if (src or dst or ANY_V4).version == 4 else ANY_V6  # noqa: PLR2004 -- IPv4
    return [(src or anywhere, dst or anywhere)]


def _fits(policy: HostPolicy, ends: Ends) -> bool:
    return (
        policy.upper in (UPPER_ANY, ends.upper)
        and (policy.src_port is None or policy.src_port == ends.src_port)
        and (policy.dst_port is None or policy.dst_port == ends.dst_port)
    )
