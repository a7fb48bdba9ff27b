"""Every mark a lane: a line from a mark's birth to its end, which turns wrong where the mark is stale.

A lane belongs to a name; a packet that bears two marks of one name has two lanes of it.  A lane that its mark
has left is taken by the next one of its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import SOCKET, Mark, Step

Sign = Literal[
    "none", "new", "own", "decides", "stale", "stale-decides", "gone", "decides-gone", "stale-decides-gone",
]  # fmt: skip
"""What a lane shows in a row: no mark, a mark made here, the packet's own, one that settles a question..."""
SIGNS: dict[Sign, tuple[str, str, str]] = {
    "new": ("\u25cf", "+", "new"),
    "own": ("\u2502", "|", "own"),
    "decides": ("\u25c6", "=", "decides"),
    "stale": ("\u2503", ":", "stale"),
    "stale-decides": ("\u25c8", "!", "stale, decides"),
    "gone": ("\u00d7", "x", "removed"),
    "decides-gone": ("\u2297", "*", "decides, removed"),
    "stale-decides-gone": ("\u22a0", "#", "stale, decides, removed"),
    "none": ("\u00b7", ".", "none"),
}
"""Each sign in Unicode and in ASCII, and what it means."""
STYLES: dict[Sign, str] = {
    "none": "quiet",
    "new": "add",
    "own": "add",
    "decides": "add",
    "stale": "stale",
    "stale-decides": "stale",
    "gone": "remove",
    "decides-gone": "remove",
    "stale-decides-gone": "stale",
}
LANES_OF_A_NAME, MAX_LANES = 4, 12
"""Marks that find no lane are counted at the end of the row."""
MEANINGS = {
    "OUT_DONE": "tag: left through this SA",
    "IN_DONE": "tag: came in through this SA",
    "M_DECRYPTED": "flag: came out of ESP",
    "M_AUTHIPHDR": "flag: AH covered its header",
    "M_AUTHIPDGM": "flag: AH covered its data",
    "ENCAP": "tag: came out of a tunnel",
    "PF": "tag: pf has seen it",
}
"""What a mark says of its packet, in short."""


class Lane(NamedTuple):
    """A lane: the name of its marks, and how many lanes of that name are to the left of it."""

    name: str
    number: int


class Borne(msgspec.Struct, frozen=True):
    """A row's marks in their lanes; ``own`` and ``stale`` count those that have none."""

    signs: tuple[Sign, ...]
    own: int = 0
    stale: int = 0


class _Mbuf(msgspec.Struct):
    """The marks that a packet bears, and the lanes of those that have one."""

    marks: tuple[Mark, ...] = ()
    lanes: dict[Lane, Mark] = msgspec.field(default_factory=dict)


class Placing:
    """Gives marks their lanes, row by row."""

    def __init__(self) -> None:
        """Begin with no packet on its way."""
        self._flying: dict[tuple[int, str], _Mbuf] = {}

    def place(self, step: Step) -> tuple[dict[Lane, Mark], dict[Lane, Mark]]:
        """Return the lanes of the marks that a row's packet bears, and of those that it lost there."""
        key = step.echo, packet_name(step.packet).part
        mbuf = self._flying.pop(key, None) or _Mbuf()
        lost: dict[Lane, Mark] = {}
        if step.marks != mbuf.marks:
            lost = _moved(mbuf, step)
        if step.marks and not step.reason and not step.to.startswith(SOCKET):
            self._flying[key] = mbuf
        return mbuf.lanes, lost


def _moved(mbuf: _Mbuf, step: Step) -> dict[Lane, Mark]:
    """Bring an mbuf's lanes up to a row whose marks are others; return the lanes that were left there."""
    before, added = mbuf.lanes, len(step.marks) - len(mbuf.marks)
    if added > 0 and step.marks[added:] == mbuf.marks:
        # What nearly every change is: new tags at the head.
        lanes, new = dict(before), step.marks[:added]
    else:
        borne = {_identity(mark): mark for mark in step.marks}
        lanes = {
            lane: borne.pop(_identity(mark)) for lane, mark in before.items() if _identity(mark) in borne
        }
        known = {_identity(mark) for mark in mbuf.marks}
        new = tuple(mark for mark in borne.values() if _identity(mark) not in known)
    # Tags come newest first, and flags in the order of their bits behind them: lanes are taken by birth.
    tags = [mark for mark in new if not mark.name.startswith("M_")]
    for mark in (*reversed(tags), *(mark for mark in new if mark.name.startswith("M_"))):
        lane = next((lane for lane in _lanes_named(mark.name) if lane not in lanes), None)
        if lane is not None:
            lanes[lane] = mark
    mbuf.marks, mbuf.lanes = step.marks, lanes
    removed = {_identity(change.mark) for change in step.changes if change.op == "remove"}
    gone = ((lane, mark) for lane, mark in before.items() if lane not in lanes)
    return {lane: mark for lane, mark in gone if _identity(mark) in removed}


def _lanes_named(name: str) -> Iterator[Lane]:
    return (Lane(name, number) for number in range(LANES_OF_A_NAME))


def _identity(mark: Mark) -> tuple[object, ...]:
    """Give what stays the same about a mark while its carrier changes."""
    return mark.name, mark.row, mark.spi, mark.dst, mark.proto


def lanes_of(steps: Iterable[Step]) -> list[Lane]:
    """List the lanes that rows need, in the order of their marks' birth; no more than there is room for."""
    placing = Placing()
    found: dict[Lane, None] = {}
    for step in steps:
        lanes, lost = placing.place(step)
        if len(lanes) + len(lost) > 0:
            born = sorted({**lost, **lanes}.items(), key=lambda each: each[1].row)
            found.update(dict.fromkeys(lane for lane, _mark in born))
    return list(found)[:MAX_LANES]


class Lanes:
    """The lanes of a trace, and what they show row by row."""

    def __init__(self, lanes: list[Lane]) -> None:
        """Show these lanes, from left to right."""
        self.lanes = lanes
        self._placing = Placing()

    def pass_by(self, step: Step) -> None:
        """Keep up with a row that is not shown."""
        self._placing.place(step)

    def borne(self, step: Step) -> Borne:
        """Return what a row shows; rows come in order, and each is shown or passed by."""
        lanes, lost = self._placing.place(step)
        asked = {_identity(check.mark) for check in step.checks if check.mark is not None}
        made = {_identity(change.mark) for change in step.changes if change.op == "add"}
        signs: list[Sign] = []
        shown_own = shown_stale = 0
        for lane in self.lanes:
            mark = lanes.get(lane)
            if mark is not None:
                signs.append(_sign(mark, asked, made))
                shown_own += not mark.stale
                shown_stale += mark.stale
            else:
                gone = lost.get(lane)
                signs.append(_last_sign(gone, step, asked) if gone is not None else "none")
        stale = sum(mark.stale for mark in step.marks)
        return Borne(tuple(signs), len(step.marks) - stale - shown_own, stale - shown_stale)


def _sign(mark: Mark, asked: set[tuple[object, ...]], made: set[tuple[object, ...]]) -> Sign:
    identity = _identity(mark)
    if identity in asked:
        return "stale-decides" if mark.stale else "decides"
    if mark.stale:
        return "stale"
    return "new" if identity in made else "own"


def _last_sign(mark: Mark, step: Step, asked: set[tuple[object, ...]]) -> Sign:
    if _identity(mark) not in asked:
        return "gone"
    return "stale-decides-gone" if mark.made_for != step.packet else "decides-gone"


def told(signs: Iterable[Sign]) -> Iterator[Sign]:
    """Yield those signs that occur, in the order in which they are explained; what is empty needs no word."""
    occurring = set(signs)
    return (sign for sign in SIGNS if sign in occurring and sign != "none")
