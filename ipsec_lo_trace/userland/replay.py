"""Packets from elsewhere, fed to the kernel at lo0 one after the other; this stands in for a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.model.trace import Step


class ReplayOptions(msgspec.Struct, frozen=True):
    """What is replayed: ``name`` is what the trace calls it, ``packets`` gives the IPv4 packets as bytes.

    ``src`` and ``dst`` are the ends of the first packet, ``count`` is how many there are; a replay has no
    ``size`` of its own.
    """

    name: str
    packets: Callable[[], Iterable[bytes]]
    src: IPv4Address
    dst: IPv4Address
    count: int
    size: int = 0


class Replay:
    """Feeds packets to ip_input as if looutput had just queued them: in fresh mbufs, without a mark.

    ``received`` counts those that the kernel took, that is, did not drop on their way in.
    """

    def __init__(self, options: ReplayOptions) -> None:
        """Take what is replayed."""
        self.sent = 0
        self.received = 0
        self.errno = ""
        self._packets = options.packets

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Feed each packet and run the kernel until nothing moves; each is an exchange of its own."""
        for data in self._packets():
            self.sent += 1
            machine.arrive(defs.ip_input, Mbuf(data, echo=self.sent, packet=REQUEST), defs.Input())
            dropped = False
            for steps in machine.drain():
                dropped = dropped or any(step.packet == REQUEST and step.reason for step in steps)
                yield steps
            self.received += not dropped
            if machine.panicked:
                return

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a packet that a stage delivered to ``socket``: nobody is there to read it."""
