"""What every program that sends something and waits for an answer has in common."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Protocol

import msgspec

from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.trace import Step


class Program(Protocol):
    """A process over a machine.

    ``sent``, ``received`` and ``errno`` (of the last system call that failed, "" for none) are what it saw.
    ``received`` counts the answers that it was waiting for.
    """

    sent: int
    received: int
    errno: str

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Make the system calls and run the kernel between them; give the steps of each run."""
        ...

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a packet that a stage delivered to ``socket``."""
        ...


class ProbeOptions(msgspec.Struct, frozen=True):
    """What a probe was asked for; ``size`` in bytes of data, ``src`` as -I gives it."""

    kind: str
    dst: IPv4Address
    src: IPv4Address | None = None
    count: int = 1
    size: int = 56
