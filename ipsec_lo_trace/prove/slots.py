"""What a host may have configured: the policies that may stand in each place of the SPD, and its SAs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace.model.policy import ULPROTO_ANY, Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, PROTO_NAMES
from ipsec_lo_trace.model.sa import Mode, SaIndex, SecurityAssociation

Ends = tuple[IPv4Address, IPv4Address]
EVERYWHERE = IPv4Network("0.0.0.0/0")
NUMBER, NOBODYS = 1, 2
"""The reqid that every SA has, and one that none has."""
Rung = tuple[Level, int]
"""A level, and the reqid that goes with it."""
RUNGS: tuple[Rung, ...] = (
    (Level.DEFAULT, 0),
    (Level.USE, 0),
    (Level.REQUIRE, 0),
    (Level.UNIQUE, NUMBER),
    (Level.UNIQUE, NOBODYS),
)
"""The levels of a rule; a unique one names the SA that there is, or one that there is not."""
BUNDLES = ((IPPROTO_ESP,), (IPPROTO_AH,), (IPPROTO_ESP, IPPROTO_AH), (IPPROTO_AH, IPPROTO_ESP))
NO_POLICY = 0b1
"""The first value of a place's variable."""
MISSING, THERE = 0b01, 0b10
"""The values of an SA's variable."""
SA_VALUES = ("missing", "there")
CIPHER, ENC_KEY = "rijndael-cbc", b"0123456789abcdef"
AUTH, AUTH_KEY = "hmac-md5", b"0123456789abcdef"
"""The algorithms of every SA, which cost little: the probe big sends 40,000 bytes."""
FIRST_SPI = 0x1001


class Slot:
    """A place in the SPD: a direction and a pair of ends, or with ``wide`` every pair; and an upper protocol.

    ``policies`` are those that may stand there, None for no policy at all.  Its variable has their numbers.
    The tunnel of a wide one goes either way.
    """

    def __init__(
        self, direction: Direction, ends: Ends, *, wide: bool = False, upper: int = ULPROTO_ANY
    ) -> None:
        """Think up every policy of the place."""
        side = direction.name.lower()
        self.direction, self.ends, self.wide, self.upper = direction, ends, wide, upper
        self.name = f"{side} any" if wide else f"{side} {ends[0]} {ends[1]}"
        self.name += "" if upper == ULPROTO_ANY else f" {PROTO_NAMES[upper]}"
        src, dst = (EVERYWHERE, EVERYWHERE) if wide else map(IPv4Network, ends)
        selector = Selector(src, dst, ul_proto=upper)
        ways = (ends, (ends[1], ends[0])) if wide else (ends,)
        # Outbound, a number that no SA has would be an SA that is missing; inbound alloc_sp2=mended reads it.
        rungs = RUNGS[:4] if direction is Direction.OUT else RUNGS
        rules = [*_bundles(rungs), *([_tunnel(rung, way)] for way in ways for rung in rungs)]
        self.policies: tuple[Policy | None, ...] = (
            None,
            Policy(direction, selector, PolicyType.DISCARD),
            *(Policy(direction, selector, PolicyType.IPSEC, requests) for requests in rules),
        )

    @property
    def texts(self) -> list[str]:
        """Each of its policies as setkey(8) has it, from its type on; "no policy" for none."""
        return ["no policy" if sp is None else str(sp) for sp in self.policies]

    @property
    def every(self) -> int:
        """All its policies, and none."""
        return (1 << len(self.policies)) - 1

    def values(self, holds: Callable[[Policy], bool]) -> int:
        """Return the set of the policies of which something holds."""
        return sum(1 << at for at, sp in enumerate(self.policies) if sp is not None and holds(sp))

    def _rules(self, holds: Callable[[Request], bool]) -> tuple[int, int]:
        """Return the sets of the policies of which something holds for the first, and for the second rule."""
        first = self.values(lambda sp: bool(sp.requests) and holds(sp.requests[0]))
        second = self.values(lambda sp: len(sp.requests) > 1 and holds(sp.requests[1]))
        return first, second

    @cached_property
    def rules(self) -> tuple[list[Request | None], list[Request | None]]:
        """The first rule of each policy, and the second; None where there is none."""
        padded = [[*(sp.requests if sp is not None else ()), None, None] for sp in self.policies]
        return [rules[0] for rules in padded], [rules[1] for rules in padded]

    @cached_property
    def ipsec(self) -> int:
        """The policies that ask for IPsec."""
        return self.values(lambda sp: sp.kind is PolicyType.IPSEC)

    @cached_property
    def bundle(self) -> int:
        """The policies with a second rule."""
        return self.values(lambda sp: len(sp.requests) > 1)

    @cached_property
    def tunnel(self) -> int:
        """The policies whose rule is a tunnel."""
        return self._rules(lambda isr: isr.mode is Mode.TUNNEL)[0]

    @cached_property
    def back(self) -> int:
        """The policies whose rule is a tunnel from the second end to the first."""
        return self.tunnel & self._rules(lambda isr: (isr.src, isr.dst) != self.ends)[0]

    @cached_property
    def esp(self) -> tuple[int, int]:
        """The policies whose first, and whose second rule is ESP."""
        return self._rules(lambda isr: isr.proto == IPPROTO_ESP)

    @cached_property
    def nobodys(self) -> tuple[int, int]:
        """The policies whose first, and whose second rule names an SA that there is not."""
        return self._rules(lambda isr: isr.reqid == NOBODYS)


def _tunnel(rung: Rung, way: Ends) -> Request:
    return Request(IPPROTO_ESP, Mode.TUNNEL, *rung, *way)


def _bundles(rungs: Sequence[Rung]) -> list[list[Request]]:
    return [
        [Request(proto, Mode.TRANSPORT, *rung) for proto, rung in zip(protos, chosen, strict=True)]
        for protos in BUNDLES
        for chosen in itertools.product(rungs, repeat=len(protos))
    ]


def sa_name(proto: int, ends: Ends) -> str:
    """Name the variable of an SA."""
    return f"{PROTO_NAMES[proto]} {ends[0]} {ends[1]}"


def associations(pairs: Sequence[Ends]) -> dict[str, SecurityAssociation]:
    """Make the SAs that a host may have, fresh ones: ESP and AH for each pair of ends, by variable."""
    both = [(ends, proto) for ends in pairs for proto in (IPPROTO_ESP, IPPROTO_AH)]
    return {
        sa_name(proto, ends): SecurityAssociation(
            SaIndex(proto, Mode.ANY, NUMBER, *ends),
            FIRST_SPI + at,
            cipher=CIPHER if proto == IPPROTO_ESP else "",
            enc_key=ENC_KEY if proto == IPPROTO_ESP else b"",
            auth=AUTH,
            auth_key=AUTH_KEY,
            added=at + 1,
        )
        for at, (ends, proto) in enumerate(both)
    }
