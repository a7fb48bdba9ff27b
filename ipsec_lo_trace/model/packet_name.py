"""What packets are called: P1 an echo's request, P2 what comes of it, P1/2 a fragment, P1/loop1 a copy.

F1 is what ping sends itself before a request, to have its cached route cleared.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_FORM = re.compile(r"([PF])(\d{1,9})(?:/(.*))?", re.DOTALL)


class PacketName(NamedTuple):
    """A packet's name taken apart: its place in the exchange, from 1, and which part or copy of it this is.

    ``part`` is "" for the packet itself, the number of a fragment (from "2": the first is the packet's own
    mbuf), "loop1", "loop2" for a multicast copy, or "copy".  It tells the mbufs of an exchange apart: what
    comes of a packet in its mbuf has the same part and the next number.  ``letter`` is "F" for a flush probe
    and what comes of it, which belong to no exchange.
    """

    number: int
    part: str = ""
    letter: str = "P"

    def __str__(self) -> str:
        return f"{self.whole}/{self.part}" if self.part else self.whole

    @property
    def whole(self) -> str:
        """The packet without its part."""
        return f"{self.letter}{self.number}"

    @property
    def mbuf(self) -> str:
        """What tells the mbufs of an echo apart: the part, and the letter of a flush probe beside them."""
        return self.part if self.letter == "P" else f"{self.letter}/{self.part}"

    @property
    def is_request(self) -> bool:
        """Whether this is the packet that an exchange begins with, or a part of it."""
        return self.letter == "P" and self.number == 1


REQUEST = str(PacketName(1))
REPLY = str(PacketName(2))
FLUSH = str(PacketName(1, letter="F"))


@lru_cache(maxsize=256)
def packet_name(text: str) -> PacketName:
    """Take a name apart; what is none (in a trace that somebody wrote by hand) is a part of packet 0."""
    found = _FORM.fullmatch(text)
    return PacketName(int(found[2]), found[3] or "", found[1]) if found else PacketName(0, text)


@lru_cache(maxsize=256)
def following(packet: str) -> str:
    """Name the packet that comes of a packet: P2 follows P1, P2/loop1 follows P1/loop1."""
    name = packet_name(packet)
    return str(name._replace(number=name.number + 1))


def part_of(packet: str, part: str | int) -> str:
    """Name a fragment or a copy of a packet."""
    return str(packet_name(packet)._replace(part=str(part)))
