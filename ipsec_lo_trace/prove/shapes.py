"""The shapes of a proof's hosts: what those of one have in common, and how one comes about as it is asked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import IPv4Address
from typing import NamedTuple

from ipsec_lo_trace.cases.case import Case
from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.policy import ULPROTO_ANY, Direction
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_ICMP
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.model.trace import SaRecord
from ipsec_lo_trace.prove.examples import all_examples
from ipsec_lo_trace.prove.host import open_databases
from ipsec_lo_trace.prove.path import Box, Path, numbers
from ipsec_lo_trace.prove.referee import OpenReferee
from ipsec_lo_trace.prove.slots import MISSING, SA_VALUES, THERE, Ends, Slot, associations, sa_name
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write

A, B = IPv4Address("10.9.9.1"), IPv4Address("10.9.9.2")
LOCAL = frozenset({A, B, IPv4Address("127.0.0.1")})
Host = Mapping[str, int]
"""A decided host: of each of its shape's variables the number of its value."""
NOTHING_THERE = "spdflush ;\n"
EXAMPLE = "example"
"""The variable of a shape whose hosts are listed."""


class Opened(NamedTuple):
    """A host that is asked about: its databases, who watches over it, and who sends to whom."""

    db: Databases
    referee: Referee
    src: IPv4Address | None
    dst: IPv4Address


class _Record(NamedTuple):
    """What a referee reads of a run record."""

    sas: list[SaRecord]
    policies: list[PolicyRecord]


class Shape(ABC):
    """What hosts have in common; ``first`` is the variable by whose values they are divided among pieces."""

    first: str

    @property
    @abstractmethod
    def hosts(self) -> Box:
        """All of them."""

    @property
    @abstractmethod
    def texts(self) -> dict[str, list[str]]:
        """What each value of each variable is, in words."""

    @abstractmethod
    def parts(self, possible: int) -> Iterator[int]:
        """Divide what is possible of ``first``."""

    @abstractmethod
    def opened(self, path: Path) -> Opened:
        """Begin a run over hosts of which nothing is decided."""

    @abstractmethod
    def ends(self, host: Host) -> tuple[IPv4Address | None, IPv4Address]:
        """Return who sends to whom; None for the sender leaves it to the kernel."""

    @abstractmethod
    def config(self, host: Host) -> str:
        """Return a decided host as setkey(8) text, SAs first; an empty one as what leaves nothing there."""

    @abstractmethod
    def weight(self, host: Host) -> tuple[int, int]:
        """Count what it takes to write a host down: rules and SAs together, and rules."""

    def decided(self, host: Host) -> Opened:
        """Begin a run over a decided host, whose databases are read afresh from its text."""
        return _loaded(self.config(host), *self.ends(host))

    def simplest(self, hosts: Box) -> dict[str, int]:
        """Return the host of a set that it takes the least to write down."""
        return {name: next(numbers(values)) for name, values in hosts.items()}


class Combined(Shape):
    """Every combination of what may stand in each place of the SPD with SAs there and missing."""

    def __init__(
        self, slots: Sequence[Slot], pairs: Sequence[Ends], src: IPv4Address | None, dst: IPv4Address
    ) -> None:
        """Take the places of the SPD, the pairs of ends with SAs, and who sends to whom."""
        self.slots, self.pairs, self.src, self.dst = tuple(slots), tuple(pairs), src, dst
        self.first = slots[0].name

    @property
    def hosts(self) -> Box:
        """All of them."""
        box = {slot.name: slot.every for slot in self.slots}
        sas = (sa_name(proto, ends) for ends in self.pairs for proto in (IPPROTO_ESP, IPPROTO_AH))
        return box | dict.fromkeys(sas, MISSING | THERE)

    @property
    def texts(self) -> dict[str, list[str]]:
        """What each value of each variable is, in words."""
        texts = {slot.name: list(slot.texts) for slot in self.slots}
        return texts | {name: list(SA_VALUES) for name in self.hosts if name not in texts}

    def parts(self, possible: int) -> Iterator[int]:
        """Divide the policies of the first place by what they come to; no part is empty."""
        slot = self.slots[0]
        single = slot.ipsec & ~slot.bundle
        for kind in (single & ~slot.tunnel, slot.tunnel, slot.bundle, slot.every & ~slot.ipsec):
            for part in (kind & slot.esp[0], kind & ~slot.esp[0]):
                if part & possible:
                    yield part & possible

    def opened(self, path: Path) -> Opened:
        """Begin a run over hosts of which nothing is decided."""
        referee = OpenReferee(path, self.slots, self.pairs)
        return Opened(open_databases(path, self.slots, self.pairs), referee, self.src, self.dst)

    def ends(self, host: Host) -> tuple[IPv4Address | None, IPv4Address]:  # noqa: ARG002 -- one for all
        """Return who sends to whom."""
        return self.src, self.dst

    def config(self, host: Host) -> str:
        """Return the setkey(8) text of a decided host."""
        return "".join(write(db) for db in self._parts(host)) or NOTHING_THERE

    def _parts(self, host: Host) -> Iterator[Databases]:
        """Yield each thing that is there in databases of its own, so that the text has the shape's order."""
        for name, sav in associations(self.pairs).items():
            if host[name] == SA_VALUES.index("there"):
                db = Databases()
                db.hang(db.new_head(sav.index), sav)
                yield db
        for slot in self.slots:
            policy = slot.policies[host[slot.name]]
            if policy is not None:
                db = Databases()
                db.add_policy(policy)
                yield db

    def weight(self, host: Host) -> tuple[int, int]:
        """Count rules and SAs together, and rules."""
        policies = [slot.policies[host[slot.name]] for slot in self.slots]
        rules = sum(len(sp.requests) or 1 for sp in policies if sp is not None)
        return rules + sum(host[name] for name in host.keys() - {slot.name for slot in self.slots}), rules

    def simplest(self, hosts: Box) -> dict[str, int]:
        """Return the host of fewest rules and SAs."""
        host = super().simplest(hosts)
        for slot in self.slots:
            rules = {at: len(sp.requests) if sp is not None else 0 for at, sp in enumerate(slot.policies)}
            host[slot.name] = min(numbers(hosts[slot.name]), key=lambda at: (rules[at], at))
        return host


class Listed(Shape):
    """Hosts that are given one by one, by the text of each."""

    first = EXAMPLE

    def __init__(self, examples: Sequence[Case]) -> None:
        """Take the hosts."""
        self._examples = tuple(examples)

    @property
    def hosts(self) -> Box:
        """All of them."""
        return {EXAMPLE: (1 << len(self._examples)) - 1}

    @property
    def texts(self) -> dict[str, list[str]]:
        """The name of each."""
        return {EXAMPLE: [each.name for each in self._examples]}

    def parts(self, possible: int) -> Iterator[int]:
        """Leave them together."""
        yield possible

    def opened(self, path: Path) -> Opened:
        """Decide at once which it is, since nothing else is open."""
        at = next(at for at in numbers(path.possible(EXAMPLE)) if path.ask(EXAMPLE, 1 << at))
        return self.decided({EXAMPLE: at})

    def ends(self, host: Host) -> tuple[IPv4Address | None, IPv4Address]:
        """Return the ends of an example; the kernel chooses the source of one that sends to itself."""
        each = self._examples[host[EXAMPLE]]
        return (each.src if each.src != each.dst else None), each.dst

    def config(self, host: Host) -> str:
        """Return the text of an example, without its comments."""
        return self._configs[host[EXAMPLE]]

    @cached_property
    def _configs(self) -> list[str]:
        return [write(load(each.text, each.name, strict=True).db) for each in self._examples]

    def weight(self, host: Host) -> tuple[int, int]:
        """Count the lines, as a rule or an SA each."""
        lines = self.config(host).splitlines()
        return len(lines), sum(line.startswith("spdadd") for line in lines)

    def simplest(self, hosts: Box) -> dict[str, int]:
        """Return the shortest."""
        return {EXAMPLE: min(numbers(hosts[EXAMPLE]), key=lambda at: (self.weight({EXAMPLE: at}), at))}


def _loaded(text: str, src: IPv4Address | None, dst: IPv4Address) -> Opened:
    db = load(text, "decided", strict=True).db
    return Opened(db, Referee(_Record(sa_records(db), policy_records(db))), src, dst)


BOTH_WAYS = ((A, B), (B, A))


def _out(*pairs: Ends) -> list[Slot]:
    return [Slot(Direction.OUT, ends) for ends in pairs]


def _in(*pairs: Ends) -> list[Slot]:
    return [Slot(Direction.IN, ends) for ends in pairs]


def _any(direction: Direction, upper: int = ULPROTO_ANY) -> Slot:
    return Slot(direction, (A, B), wide=True, upper=upper)


def _two(*slots: Slot) -> Combined:
    return Combined(slots, BOTH_WAYS, A, B)


OUT, IN = _any(Direction.OUT), _any(Direction.IN)
COMBINED = {
    "one-address": Combined([*_out((A, A)), *_in((A, A))], [(A, A)], None, A),
    "two-addresses": _two(*_out(*BOTH_WAYS), *_in(*BOTH_WAYS)),
    "wildcard": _two(OUT, IN),
    "shared-out": _two(OUT, *_in(*BOTH_WAYS)),
    "by-protocol": _two(_any(Direction.OUT, IPPROTO_ICMP), OUT, _any(Direction.IN, IPPROTO_ICMP), IN),
}
"""One address; two, each way with a policy and SAs of its own; two with a policy for both ways; two of which
only the outbound one is for both; two with policies for ICMP and for the rest."""
SHAPES: dict[str, Shape] = {**COMBINED, "examples": Listed(all_examples())}
"""These, and hosts that none of them has."""
