"""A host of which nothing is decided: each policy and SA is made up when something asks about it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from ipsec_lo_trace.model.databases import Databases, SaHead
from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, PROTO_NAMES
from ipsec_lo_trace.model.sa import Mode, SaIndex, SecurityAssociation
from ipsec_lo_trace.model.undecided import Undecided
from ipsec_lo_trace.prove.path import Path

MISSING, THERE = 1, 2
REQID, OTHER = 1, 2
LEVELS = (
    (Level.DEFAULT, 0),
    (Level.USE, 0),
    (Level.REQUIRE, 0),
    (Level.UNIQUE, REQID),
    (Level.UNIQUE, OTHER),
)
BUNDLES = (("esp",), ("ah",), ("esp", "ah"), ("ah", "esp"))
PROTOS = {"esp": IPPROTO_ESP, "ah": IPPROTO_AH}
Ends = tuple[IPv4Address, IPv4Address]
EVERYWHERE = IPv4Network("0.0.0.0/0")


class Slot:
    """A place in the SPD, and the policies that may stand there; None for no policy."""

    def __init__(
        self, direction: Direction, ends: Ends, *, wide: bool = False, levels=LEVELS, policies=None
    ) -> None:
        self.direction, self.ends, self.wide = direction, ends, wide
        side = direction.name.lower()
        self.name = f"{side} any" if wide else f"{side} {ends[0]} {ends[1]}"
        nets = (EVERYWHERE, EVERYWHERE) if wide else tuple(IPv4Network(end) for end in ends)
        selector = Selector(*nets)
        if direction is Direction.IN and levels is LEVELS:
            levels = LEVELS[:4]
        self.policies: list[Policy | None] = [None, Policy(direction, selector, PolicyType.DISCARD)]
        for protos in BUNDLES:
            for chosen in itertools.product(levels, repeat=len(protos)):
                reqs = [Request(PROTOS[p], Mode.TRANSPORT, *c) for p, c in zip(protos, chosen)]
                self.policies.append(Policy(direction, selector, PolicyType.IPSEC, reqs))
        for c in levels:
            self.policies.append(
                Policy(direction, selector, PolicyType.IPSEC, [Request(IPPROTO_ESP, Mode.TUNNEL, *c, *ends)])
            )
        if policies:
            self.policies = [p for p in self.policies if policies(p)]
        self.absent = self.mask(lambda sp: sp is None)

    def mask(self, holds: Callable[[Any], bool]) -> int:
        return sum(1 << at for at, sp in enumerate(self.policies) if holds(sp))

    @property
    def all(self) -> int:
        return (1 << len(self.policies)) - 1

    def of_kind(self, kind: PolicyType) -> int:
        return self.mask(lambda sp: sp is not None and sp.kind is kind)

    def requests(self, place: int, holds: Callable[[Request], bool]) -> int:
        return self.mask(lambda sp: sp is not None and len(sp.requests) > place and holds(sp.requests[place]))


from functools import cache


@cache
def masks(slot: Slot):
    return {
        "ipsec": slot.of_kind(PolicyType.IPSEC),
        "discard": slot.of_kind(PolicyType.DISCARD),
        **{("esp", i): slot.requests(i, lambda r: r.proto == IPPROTO_ESP) for i in (0, 1)},
        "tunnel": slot.requests(0, lambda r: r.mode is Mode.TUNNEL),
        "bundle": slot.requests(1, lambda r: True),
        **{("other", i): slot.requests(i, lambda r: r.reqid == OTHER) for i in (0, 1)},
    }


def by(path: Path, k: Any, name: str, choices: list[Any], question: Callable[[Any], Any]) -> Any:
    """Put a question to each possible value."""
    checks = k.checks
    start = len(checks)
    first = None
    inside = 0
    possible = path.hosts[name]
    at = 0
    while possible >> at:
        if possible >> at & 1:
            answer = question(choices[at])
            said = checks[start:]
            del checks[start:]
            key = (answer, [(c.id, c.left, c.answer, c.mark) for c in said])
            if first is None:
                first, kept = key, said
            if key == first:
                inside |= 1 << at
        at += 1
    path.ask(name, inside)
    checks.extend(kept)
    return first[0]


class OpenNet:
    def __init__(self, path: Path, slot: Slot, end: int) -> None:
        self.path, self.slot, self.end = path, slot, end
        self.address = slot.ends[end]

    def __contains__(self, address: IPv4Address) -> bool:
        if not self.slot.wide and address != self.address:
            return False
        return self.end == 0 or not self.path.ask(self.slot.name, self.slot.absent)


class OpenNumber:
    def __init__(self, path: Path, slot: Slot, place: int) -> None:
        self.path, self.slot, self.place = path, slot, place

    def __eq__(self, number: object) -> bool:
        other = self.path.ask(self.slot.name, masks(self.slot)["other", self.place])
        return number == OTHER if other else True

    __hash__ = None


class OpenRequest(Undecided):
    def __init__(self, path: Path, slot: Slot, place: int) -> None:
        self.path, self.slot, self.place = path, slot, place
        self.sav: SecurityAssociation | None = None
        self._next: OpenRequest | None = None
        self.reqid = OpenNumber(path, slot, place)
        self.masks = masks(slot)

    def by(self, k, question):
        place = self.place
        choices = [
            sp.requests[place] if sp is not None and len(sp.requests) > place else None
            for sp in self.slot.policies
        ]
        return by(self.path, k, self.slot.name, choices, question)

    @property
    def proto(self) -> int:
        return IPPROTO_ESP if self.path.ask(self.slot.name, self.masks["esp", self.place]) else IPPROTO_AH

    @property
    def mode(self) -> Mode:
        return Mode.TUNNEL if self.path.ask(self.slot.name, self.masks["tunnel"]) else Mode.TRANSPORT

    @property
    def src(self) -> IPv4Address | None:
        return self.slot.ends[0] if self.mode is Mode.TUNNEL else None

    @property
    def dst(self) -> IPv4Address | None:
        return self.slot.ends[1] if self.mode is Mode.TUNNEL else None

    @property
    def next(self) -> OpenRequest | None:
        if self.place or not self.path.ask(self.slot.name, self.masks["bundle"]):
            return None
        if self._next is None:
            self._next = OpenRequest(self.path, self.slot, 1)
        return self._next

    def __str__(self) -> str:
        return f"{self.slot.name} {self.place + 1}"

    def record(self, src: str = "", dst: str = "") -> RequestRecord:
        return RequestRecord(str(self), "", src, dst, "", 0)


class OpenRequests:
    def __init__(self, first: OpenRequest) -> None:
        self.first = first

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, at: int) -> OpenRequest:
        assert at == 0
        return self.first

    def __iter__(self) -> Iterator[OpenRequest]:
        each: OpenRequest | None = self.first
        while each is not None:
            yield each
            each = each.next


class OpenPolicy(Undecided):
    def __init__(self, path: Path, slot: Slot) -> None:
        self.path, self.slot = path, slot
        self.direction = slot.direction
        self.selector = Selector(OpenNet(path, slot, 0), OpenNet(path, slot, 1))  # type: ignore
        self._requests = OpenRequests(OpenRequest(path, slot, 0))

    def by(self, k, question):
        return by(self.path, k, self.slot.name, self.slot.policies, question)

    @property
    def kind(self) -> PolicyType:
        return (
            PolicyType.IPSEC
            if self.path.ask(self.slot.name, masks(self.slot)["ipsec"])
            else PolicyType.DISCARD
        )

    @property
    def requests(self) -> Any:
        return self._requests if self.kind is PolicyType.IPSEC else ()

    def __str__(self) -> str:
        return self.slot.name

    def record(self) -> PolicyRecord:
        return PolicyRecord(self.slot.name, "", "", 0, 0, 255, "", ())


class Heads(dict):  # type: ignore
    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, key: Any, default: Any = None) -> Any:
        return [head for name, head in super().get(key, ()) if not self.path.ask(name, MISSING)]


ENC = {"cipher": "3des-cbc", "enc_key": b"123456789012345678901234"}
AUTH = {"auth": "hmac-md5", "auth_key": b"0123456789abcdef"}


def sa_name(proto: int, ends: Ends) -> str:
    return f"{PROTO_NAMES[proto]} {ends[0]} {ends[1]}"


def databases(path: Path, slots: tuple[Slot, ...], pairs: tuple[Ends, ...]) -> Databases:
    db = Databases()
    db.by_ends, db.by_ident = Heads(path), Heads(path)
    for number, (ends, proto) in enumerate((e, p) for e in pairs for p in (IPPROTO_ESP, IPPROTO_AH)):
        index = SaIndex(proto, Mode.ANY, REQID, *ends)
        keys = {**ENC, **AUTH} if proto == IPPROTO_ESP else AUTH
        sav = SecurityAssociation(index, 0x1001 + number, added=number + 1, **keys)
        name = sa_name(proto, ends)
        head = SaHead(index, number + 1, [sav], {sav.spi: [sav]})
        db.by_ends.setdefault((proto, *ends), []).append((name, head))
        db.by_ident.setdefault(sav.tdbi, []).append((name, head))
    for slot in slots:
        db.sptree[slot.direction].append(OpenPolicy(path, slot))
    return db
