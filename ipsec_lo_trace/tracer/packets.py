"""The packets of a trace: what each row's packet is after its stage, as bytes and as a scapy packet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.load import load

if TYPE_CHECKING:
    from scapy.packet import Packet


class TracedStep(Step, tag="step", tag_field="kind", dict=True, gc=True):
    """A step of a trace in Python: the record, and its packet, which stays out of a stored trace.

    ``data`` is the packet after the stage, also where the stage did not change it and ``bytes`` is None.
    """

    @property
    def data(self) -> bytes:
        """The packet's bytes after the stage."""
        data: bytes = self.__dict__["data"]
        return data

    def scapy(self, config: str | None = None) -> Packet:
        """Return the packet after the stage as scapy's IP, dissected anew each time.

        The keys of the run, or of ``config`` (setkey(8) text), open its ESP: there, ``data`` of the ESP layer
        is the packet inside, so that ``step.scapy()[ICMP]`` finds it; what they do not open stays closed.
        What is no IPv4 packet is Raw.  UserError for a mistake in ``config``.
        """
        from ipsec_lo_trace.wire.layers import dissected  # noqa: PLC0415 -- few who trace look at packets

        keys = self.__dict__["keys"] if config is None else all_sas(load(config, "configuration").db)
        return dissected(self.data, keys)


def all_sas(db: Databases) -> tuple[SecurityAssociation, ...]:
    """List every SA of a configuration."""
    return tuple(sav for head in db.sahtree for sav in head.savs)


def with_packets(steps: Iterable[Step], keys: Sequence[SecurityAssociation]) -> list[TracedStep]:
    """Give each step its packet; ``keys`` are those that open ESP."""
    latest: dict[tuple[int, str], bytes] = {}
    made = []
    for step in steps:
        mbuf = step.echo, packet_name(step.packet).part
        if step.bytes is not None:
            latest[mbuf] = bytes.fromhex(step.bytes)
        traced = TracedStep(*msgspec.structs.astuple(step))
        traced.__dict__.update(data=latest.get(mbuf, b""), keys=keys)
        made.append(traced)
    return made
