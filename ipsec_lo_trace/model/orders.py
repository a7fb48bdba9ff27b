"""What comes of a run when the turns of its bursts are taken in every order."""

from __future__ import annotations

import msgspec


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which the run can end, and a schedule that ends it so.

    ``requests`` and ``replies`` say how many packets crossed lo0 in which form ("esp", "icmp"); ``findings``
    are the codes of everything that the run shows.
    """

    outcome: str
    code: str
    errno: str | None
    sent: int
    received: int
    requests: dict[str, int]
    replies: dict[str, int]
    findings: list[str]
    schedule: str


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """Every way in which a run can end.

    ``runs`` were made, through ``states`` in which more than one turn could be taken.  ``complete`` is false
    if there were more orders than were tried: other endings may exist then.
    """

    runs: int
    states: int
    complete: bool
    endings: list[Ending]
