"""The two databases that setkey(8) fills: SAs and policies."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.policy import Direction, Policy, Selector
from ipsec_lo_trace.model.sa import SaIndex, SecurityAssociation


class SaHead(msgspec.Struct, eq=False):
    """struct secashead: the SAs that share one index, newest first (key_sa_chgstate puts them in front)."""

    index: SaIndex
    savs: list[SecurityAssociation] = msgspec.field(default_factory=list)


class Databases(msgspec.Struct):
    """The SAD (``sahtree``, newest head first) and the SPD (``sptree``, in the order they were added)."""

    sahtree: list[SaHead] = msgspec.field(default_factory=list)
    sptree: dict[Direction, list[Policy]] = msgspec.field(
        default_factory=lambda: {Direction.IN: [], Direction.OUT: []}
    )
    by_selector: dict[tuple[Direction, Selector], Policy] = msgspec.field(default_factory=dict)
    """The policies of ``sptree`` again, to find one by its selector."""
    adds: int = 0
    """How many SAs were ever added: the clock that tells an older SA from a newer one."""
