"""The mbuf: a packet's bytes and the history that rides on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

if TYPE_CHECKING:
    from ipsec_lo_trace.model.trace import Change, Mark, Packet


Layout = Literal["whole", "pulled-up", "apart"]
"""How a packet lies: in one mbuf; with its headers pulled up into the first as far as max_protohdr; or with a
cluster, or its TCP header in another mbuf than its IP header."""


class Mbuf:
    """A packet header mbuf with its chain flattened into ``data`` (bytes of one IPv4 packet).

    ``packet`` is the identity of what the mbuf holds now: ``icmp_reflect`` makes the reply in the request's
    mbuf, so the mbuf stays and the identity changes.  ``tags`` and ``flags`` change through ``kernel.kern``
    only; both doors note what they did in ``changes``.  ``marks`` is both together, tags first;
    ``rcvif`` is the interface that received the packet; ``wire`` describes ``described``, which is ``data``
    as the trace last showed it.  ``layout`` is how the chain would lie where it is asked for, in tcp_respond.
    ``lawful`` is the packet and the marks that the machine last found in order.
    """

    __slots__ = (
        "_flags",
        "_tags",
        "changes",
        "data",
        "described",
        "echo",
        "lawful",
        "layout",
        "marks",
        "packet",
        "rcvif",
        "row",
        "stage",
        "visits",
        "wire",
    )

    def __init__(self, data: bytes, *, echo: int, packet: str) -> None:
        """Make a fresh mbuf: no tags, no flags."""
        self.data = data
        self.echo = echo
        self.packet = packet
        self._tags: tuple[Mark, ...] = ()
        self._flags: tuple[Mark, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.changes: list[Change] = []
        self.lawful: tuple[str, tuple[Mark, ...]] = packet, ()
        self.described = data
        self.rcvif = "lo0"
        self.wire: Packet | None = None
        self.row = 0
        self.layout: Layout = "whole"
        self.stage = ""
        self.visits: dict[str, int] = {}

    @property
    def tags(self) -> tuple[Mark, ...]:
        """The packet tags, newest first."""
        return self._tags

    @tags.setter
    def tags(self, tags: tuple[Mark, ...]) -> None:
        self._tags = tags
        self.marks = tags + self._flags

    @property
    def flags(self) -> tuple[Mark, ...]:
        """The mbuf flags that are set, in the order of their bits."""
        return self._flags

    @flags.setter
    def flags(self, flags: tuple[Mark, ...]) -> None:
        self._flags = flags
        self.marks = self._tags + flags

    def become(self, packet: str) -> None:
        """Hold another packet from now on: every mark made for the old one is stale."""
        self.packet, self.visits = packet, {}
        self.tags = tuple(replace(mark, stale=mark.made_for != packet) for mark in self.tags)
        self.flags = tuple(replace(mark, stale=mark.made_for != packet) for mark in self.flags)
