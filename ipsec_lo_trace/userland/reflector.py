"""A process that answers ICMP requests from a raw socket, as the conclusion of the 2003 analysis imagines."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import cast

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.ip_icmp import LO0_MASK, SHORTEST, may_answer, reply_options, reply_source
from ipsec_lo_trace.kernel.netinet.raw_ip import MAXTTL, REFLECTOR
from ipsec_lo_trace.kernel.state import Kernel, iptime
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import following
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire import icmp, ip


class Reflector:
    """The process: it takes requests off its socket and sends each reply in a new mbuf.

    The replies are the kernel's own, byte for byte but for the identification.  It gets something only from a
    kernel whose ``reflector`` is "userspace".
    """

    def __init__(self) -> None:
        """Wait for the first request."""
        self._waiting: deque[Mbuf] = deque()

    def take(self, socket: str, m: Mbuf) -> bool:
        """Take a packet if it was delivered to this process's socket, and say whether it was."""
        if socket != REFLECTOR:
            return False
        self._waiting.append(m)
        return True

    def answer(self, machine: Machine) -> Iterator[list[Step]]:
        """Answer what waits, in order; give the steps of each system call."""
        while self._waiting and not machine.panicked:
            steps = self._reply(machine, self._waiting.popleft())
            if steps:
                yield steps

    def settle(self, machine: Machine) -> Iterator[list[Step]]:
        """Run the kernel and answer requests in turn, until nothing moves any more."""
        yield from machine.drain()
        while self._waiting and not machine.panicked:
            yield from self.answer(machine)
            yield from machine.drain()

    @staticmethod
    def _reply(machine: Machine, m: Mbuf) -> list[Step]:
        """Send the reply to one request; nothing if the kernel would send none either."""
        kernel = cast("Kernel", machine.kernel)
        header = ip.read(m.data)
        message = m.data[header.header_len :]
        unasked = message[0] == icmp.ICMP_MASKREQ and kernel.build.maskrepl == "0"
        if unasked or len(message) < SHORTEST.get(message[0], icmp.HEADER_LEN) or not may_answer(header):
            return []
        reply = Mbuf(
            icmp.reply(message, now=iptime(m), mask=LO0_MASK), echo=m.echo, packet=following(m.packet)
        )
        options, first_hop = reply_options(header)
        raw = defs.RawOutput(reply_source(kernel, header), header.src, MAXTTL, options, first_hop)
        return machine.syscall(defs.rip_output, reply, raw)[0]
