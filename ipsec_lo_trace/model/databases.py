"""The two databases that setkey(8) fills, SAs and policies; with the text that filled them, a configuration.

The kernel looks everything up by walking lists.  Here the order of the lists decides as it does there.  The
indexes beside them find in one step what comes first, so that a thousand entries cost no more than one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.model.policy import Direction, PacketSelector, Policy, Selector
from ipsec_lo_trace.model.sa import SaIndex, SecurityAssociation, TdbIdent

Ends = tuple[int, IPv4Address, IPv4Address]
"""Protocol, source and destination."""


class SaHead(msgspec.Struct, eq=False):
    """struct secashead: the SAs that share one index, newest first (key_sa_chgstate puts them in front).

    ``by_spi`` has them again, by SPI and newest first; ``number`` counts heads in the order they were made.
    """

    index: SaIndex
    number: int = 0
    savs: list[SecurityAssociation] = msgspec.field(default_factory=list)
    by_spi: dict[int, list[SecurityAssociation]] = msgspec.field(default_factory=dict)

    @property
    def ends(self) -> Ends:
        """Protocol and ends, by which heads are found."""
        return self.index.proto, self.index.src, self.index.dst


def _age(head: SaHead) -> int:
    """Return what puts the newest head first."""
    return -head.number


class Databases(msgspec.Struct):
    """The SAD (``sahtree``, newest head first) and the SPD (``sptree``, in the order they were added).

    Of the heads ``by_ends`` has those between two ends, ``by_ident`` and ``by_name`` those that hold an SA
    with an SPI and a destination, or both ends: newest first.  ``by_reqid`` has the newest between two ends
    with a reqid, ``by_proto`` those of a protocol, oldest first.  ``by_selector`` has the policies by their
    own selector; of two with one selector (Linux has such) the first.  ``by_upper`` has them by upper
    protocol, in their order; ``covering`` keeps which policy a walk found for a packet's selector, until the
    policies change.  ``adds`` counts the SAs that were ever added: the clock that tells an older SA from a
    newer one; ``reqids`` counts the reqids that the kernel gave to rules.
    """

    sahtree: list[SaHead] = msgspec.field(default_factory=list)
    sptree: dict[Direction, list[Policy]] = msgspec.field(
        default_factory=lambda: {Direction.IN: [], Direction.OUT: []}
    )
    by_ends: dict[Ends, list[SaHead]] = msgspec.field(default_factory=dict)
    by_ident: dict[TdbIdent, list[SaHead]] = msgspec.field(default_factory=dict)
    by_name: dict[tuple[Ends, int], list[SaHead]] = msgspec.field(default_factory=dict)
    by_reqid: dict[tuple[Ends, int], SaHead] = msgspec.field(default_factory=dict)
    by_proto: dict[int, list[SaHead]] = msgspec.field(default_factory=dict)
    by_selector: dict[tuple[Direction, Selector], Policy] = msgspec.field(default_factory=dict)
    by_upper: dict[tuple[Direction, int], list[Policy]] = msgspec.field(default_factory=dict)
    covering: dict[tuple[Direction, PacketSelector], Policy | None] = msgspec.field(default_factory=dict)
    adds: int = 0
    reqids: int = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether there is neither an SA nor a policy."""
        return not any(self.sptree.values()) and not any(head.savs for head in self.sahtree)

    def new_head(self, index: SaIndex) -> SaHead:
        """Put a head in front of all others."""
        head = SaHead(index, self.sahtree[0].number + 1 if self.sahtree else 1)
        self.sahtree.insert(0, head)
        self.by_proto.setdefault(index.proto, []).append(head)
        self.by_ends.setdefault(head.ends, []).insert(0, head)
        self.by_reqid[head.ends, index.reqid] = head
        return head

    def hang(self, head: SaHead, sav: SecurityAssociation) -> None:
        """Hang an SA into a head, in front of the older ones."""
        head.savs.insert(0, sav)
        alike = head.by_spi.setdefault(sav.spi, [])
        alike.insert(0, sav)
        if len(alike) == 1:
            for heads in self._with_spi(head, sav):
                insort(heads, head, key=_age)

    def unhang(self, head: SaHead, sav: SecurityAssociation) -> None:
        """Take an SA off its head, which stays."""
        head.savs.remove(sav)
        alike = head.by_spi[sav.spi]
        alike.remove(sav)
        if not alike:
            del head.by_spi[sav.spi]
            for heads in self._with_spi(head, sav):
                del heads[bisect_left(heads, _age(head), key=_age)]

    def _with_spi(self, head: SaHead, sav: SecurityAssociation) -> Iterator[list[SaHead]]:
        yield self.by_ident.setdefault(sav.tdbi, [])
        yield self.by_name.setdefault((head.ends, sav.spi), [])

    def drop_heads(self, proto: int | None) -> list[SaHead]:
        """Take the heads of a protocol out, or all for None, with all that hangs there; return them."""
        protos = list(self.by_proto) if proto is None else [proto]
        doomed = [head for one in protos for head in self.by_proto.pop(one, ())]
        for head in doomed:
            del self.sahtree[bisect_left(self.sahtree, _age(head), key=_age)]
            self.by_ends.pop(head.ends, None)
            self.by_reqid.pop((head.ends, head.index.reqid), None)
            for sav in head.savs:
                self.by_ident.pop(sav.tdbi, None)
                self.by_name.pop((head.ends, sav.spi), None)
        return doomed

    def add_policy(self, policy: Policy) -> None:
        """Add a policy after all others of its direction."""
        self.sptree[policy.direction].append(policy)
        self.by_selector.setdefault((policy.direction, policy.selector), policy)
        self.by_upper.setdefault((policy.direction, policy.selector.ul_proto), []).append(policy)
        self.covering.clear()

    def drop_policy(self, policy: Policy) -> None:
        """Take a policy out."""
        self.sptree[policy.direction].remove(policy)
        del self.by_selector[policy.direction, policy.selector]
        self.by_upper[policy.direction, policy.selector.ul_proto].remove(policy)
        self.covering.clear()

    def drop_policies(self) -> None:
        """Take every policy out."""
        for policies in self.sptree.values():
            policies.clear()
        self.by_selector.clear()
        self.by_upper.clear()
        self.covering.clear()


class Configuration(msgspec.Struct):
    """SAD and SPD, the text that made them, and what its reader should know ("FILE:LINE: ...")."""

    text: str
    db: Databases = msgspec.field(default_factory=Databases)
    notes: list[str] = msgspec.field(default_factory=list)
