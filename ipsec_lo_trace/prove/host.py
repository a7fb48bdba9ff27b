"""A host of which nothing is decided: its policies and SAs come about as the kernel asks about them.

These stand in for ``Policy``, ``Request`` and ``SaHead`` before the very code of the stages, so they answer
what that code asks and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any, TypeVar, cast

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.model.databases import Databases, SaHead
from ipsec_lo_trace.model.operands import PolicyRecord, RequestRecord
from ipsec_lo_trace.model.policy import ULPROTO_ANY, Direction, Policy, PolicyType, Selector
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP
from ipsec_lo_trace.model.sa import Mode, SecurityAssociation
from ipsec_lo_trace.model.trace import Check
from ipsec_lo_trace.model.undecided import Undecided
from ipsec_lo_trace.prove.path import Path, numbers
from ipsec_lo_trace.prove.slots import MISSING, NO_POLICY, NOBODYS, NUMBER, Ends, Slot, associations

R = TypeVar("R")


def by(
    path: Path, name: str, choices: Sequence[Any], question: Callable[[Any], R], k: Context | None = None
) -> R:
    """Put a question to each choice that is possible, and go on with those that give the first one's answer.

    What is put on record (``k``) counts as a part of the answer, but for the rule that it names.
    """
    records = k.checks if k is not None else []
    before = len(records)

    def put(at: int) -> tuple[tuple[R, list[Any]], list[Check]]:
        answer = question(choices[at])
        added = records[before:]
        del records[before:]
        return (answer, [(check.id, check.left, check.answer, check.mark) for check in added]), added

    first = next(numbers(path.lead(name)))
    whole, said = put(first)
    alike = sum(1 << at for at in numbers(path.possible(name)) if at == first or put(at)[0] == whole)
    path.ask(name, alike)
    records += said
    return whole[0]


class OpenNetwork:
    """An end of a policy's selector; the policy covers a packet only if there is one."""

    def __init__(self, path: Path, slot: Slot, end: int) -> None:
        """Take the source (0) or the destination (1) of a slot."""
        self._path = path
        self._slot = slot
        self._end = end

    def __contains__(self, address: IPv4Address) -> bool:
        """Tell whether it has an address; the destination, asked last, tells whether there is a policy."""
        if not self._slot.wide and address != self._slot.ends[self._end]:
            return False
        return self._end == 0 or self._path.ask(self._slot.name, self._slot.every & ~NO_POLICY)


class OpenNumber:  # noqa: PLW1641 -- nobody looks a number up
    """The reqid of a rule, as far as it is asked about: does it name an SA that there is not?"""

    def __init__(self, path: Path, slot: Slot, place: int) -> None:
        """Take the number of a slot's first (0) or second (1) rule."""
        self._path = path
        self._slot = slot
        self._place = place

    def __eq__(self, number: object) -> bool:
        """Tell whether it is 0 or the number of the SAs: each SA has it, so those two are one."""
        nobodys = self._path.ask(self._slot.name, self._slot.nobodys[self._place])
        return number == NOBODYS if nobodys else number in {0, NUMBER}


class OpenRequest(Undecided):
    """A rule of a slot's policy; ``sav`` is the SA that it used last, as in any request."""

    def __init__(self, path: Path, slot: Slot, place: int) -> None:
        """Take the first (0) or the second (1) rule."""
        self._path = path
        self._slot = slot
        self._place = place
        self._next: OpenRequest | None = None
        self.sav: SecurityAssociation | None = None
        self.reqid = OpenNumber(path, slot, place)

    def by(self, k: Context, question: Callable[[Any], R]) -> R:
        """Put a question to the rule of each policy that is possible."""
        return by(self._path, self._slot.name, self._slot.rules[self._place], question, k)

    @property
    def proto(self) -> int:
        """The IP protocol."""
        return IPPROTO_ESP if self._path.ask(self._slot.name, self._slot.esp[self._place]) else IPPROTO_AH

    @property
    def mode(self) -> Mode:
        """The mode."""
        return Mode.TUNNEL if self._path.ask(self._slot.name, self._slot.tunnel) else Mode.TRANSPORT

    @property
    def src(self) -> IPv4Address | None:
        """The source of the SA, None for the packet's."""
        return self._way[0] if self.mode is Mode.TUNNEL else None

    @property
    def dst(self) -> IPv4Address | None:
        """The destination of the SA, None for the packet's."""
        return self._way[1] if self.mode is Mode.TUNNEL else None

    @property
    def _way(self) -> Ends:
        """The ends of the tunnel that it is."""
        src, dst = self._slot.ends
        return (dst, src) if self._path.ask(self._slot.name, self._slot.back) else (src, dst)

    @property
    def next(self) -> OpenRequest | None:
        """The second rule after the first, None if there is none."""
        if self._place or not self._path.ask(self._slot.name, self._slot.bundle):
            return None
        if self._next is None:
            self._next = OpenRequest(self._path, self._slot, 1)
        return self._next

    def __str__(self) -> str:
        return f"rule {self._place + 1} of {self._slot.name}"

    def record(self, src: str = "", dst: str = "") -> RequestRecord:
        """Describe it without deciding anything."""
        return RequestRecord(str(self), "", src, dst, "", 0)


class OpenRequests:
    """The rules of a policy that asks for IPsec."""

    def __init__(self, first: OpenRequest) -> None:
        """Begin with the first, which leads to the second."""
        self._first = first

    def __getitem__(self, at: int) -> OpenRequest:
        """Return the first; nobody asks for another by its number."""
        return (self._first,)[at]

    def __iter__(self) -> Iterator[OpenRequest]:
        each: OpenRequest | None = self._first
        while each is not None:
            yield each
            each = each.next


class OpenPolicy(Undecided):
    """The policy of a slot."""

    def __init__(self, path: Path, slot: Slot) -> None:
        """Take the slot; what stands there is not decided."""
        self._path = path
        self.slot = slot
        self.direction = slot.direction
        src, dst = (cast("IPv4Network", OpenNetwork(path, slot, end)) for end in (0, 1))
        self.selector = Selector(src, dst, ul_proto=slot.upper)
        self._requests = OpenRequests(OpenRequest(path, slot, 0))

    def by(self, k: Context, question: Callable[[Any], R]) -> R:
        """Put a question to each policy that is possible."""
        return by(self._path, self.slot.name, self.slot.policies, question, k)

    @property
    def kind(self) -> PolicyType:
        """What it asks for."""
        asks = self._path.ask(self.slot.name, self.slot.ipsec)
        return PolicyType.IPSEC if asks else PolicyType.DISCARD

    @property
    def requests(self) -> OpenRequests | tuple[()]:
        """Its rules."""
        return self._requests if self.kind is PolicyType.IPSEC else ()

    def __str__(self) -> str:
        return f"of {self.slot.name}"

    def record(self) -> PolicyRecord:
        """Describe it without deciding anything."""
        return PolicyRecord(self.slot.name, "", "", 0, 0, ULPROTO_ANY, "", ())


class OpenHeads(dict[Any, Any]):
    """An index of SA heads of which each may be missing."""

    def __init__(self, path: Path) -> None:
        """Start with none."""
        super().__init__()
        self._path = path

    def get(self, key: object, default: object = ()) -> Any:  # noqa: ANN401 -- as a dictionary's
        """Return the heads of a key that are there."""
        named = super().get(key, default)
        return [head for name, head in named if not self._path.ask(name, MISSING)]


def open_databases(path: Path, slots: Sequence[Slot], pairs: Sequence[Ends]) -> Databases:
    """Make SAD and SPD of a host of which nothing is decided."""
    by_ends, by_ident = OpenHeads(path), OpenHeads(path)
    for name, sav in associations(pairs).items():
        head = SaHead(sav.index, sav.added, [sav], {sav.spi: [sav]})
        by_ends.setdefault(head.ends, []).append((name, head))
        by_ident.setdefault(sav.tdbi, []).append((name, head))
    sptree: dict[Direction, list[Policy]] = {way: [] for way in Direction}
    for slot in slots:
        sptree[slot.direction].append(cast("Policy", OpenPolicy(path, slot)))
    return Databases(by_ends=by_ends, by_ident=by_ident, sptree=sptree)
