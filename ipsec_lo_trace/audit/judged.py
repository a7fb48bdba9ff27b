"""A packet that was judged, still as bytes; it is described only if someone wants to see it."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.audit import AuditPacket
from ipsec_lo_trace.model.trace import Packet
from ipsec_lo_trace.wire.summary import summarise

NO_PACKET = Packet([], [], [], [], "", "", 0, 0, 0, 0, more=False, info="")


class Judged(msgspec.Struct, gc=False):
    """``wire`` are the packet's bytes as they crossed (b"": no IPv4), ``inside`` those that were in it.

    The other fields are those of AuditPacket.
    """

    number: int
    time_ns: int
    wire: bytes
    inside: bytes | None
    asked: tuple[str, ...]
    got: str
    answers: int
    codes: tuple[str, ...]
    text: str


def described(judged: Judged) -> AuditPacket:
    """Make the record of a packet."""
    inside = judged.inside
    return AuditPacket(
        judged.number,
        judged.time_ns,
        summarise(judged.wire) if judged.wire else NO_PACKET,
        None if inside is None else summarise(inside),
        judged.asked,
        judged.got,
        judged.answers,
        judged.codes,
        judged.text,
    )
