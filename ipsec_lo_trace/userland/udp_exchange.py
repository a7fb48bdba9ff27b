"""A process that sends datagrams from a connected UDP socket, and perhaps one that echoes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import REPLY, REQUEST
from ipsec_lo_trace.model.proto import IPPROTO_UDP
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.ports import CLIENT, SERVER, client_port
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire import ip, udp


class UdpExchange:
    """One datagram after another to ``dport``; ``serving`` opens a socket there whose process echoes them.

    ``sent``, ``received`` and ``errno`` (of the last sendto that failed, "" if none did) are what the
    processes saw.  ``received`` counts echoed datagrams, or without a server ICMP errors.
    """

    def __init__(self, options: ProbeOptions, *, dport: int, serving: bool) -> None:
        """Open nothing yet."""
        self.sent = 0
        self.received = 0
        self.errno = ""
        self._options = options
        self._dport = dport
        self._serving = serving
        self._client = self._socket(0)
        self._arrived: list[Mbuf] = []
        self._data = (bytes(range(256)) * (options.size // 256 + 1))[: options.size]

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Send every datagram, run the kernel, echo what arrived, and run the kernel again."""
        kernel = cast("Kernel", machine.kernel)
        kernel.raw_sockets = ()
        for echo in range(1, self._options.count + 1):
            self._client = self._socket(echo)
            kernel.pcbs = [self._client, *self._servers()]
            self.sent += 1
            yield self._send(machine, self._data, echo, REQUEST)
            yield from machine.drain()
            yield from self._serve(machine)
            self.received += not self._serving and bool(self._client.so_error)
            if machine.panicked:
                return

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a datagram."""
        if socket == SERVER:
            self._arrived.append(m)
        elif self._serving:
            self.received += 1

    def _socket(self, echo: int) -> Inpcb:
        options = self._options
        return Inpcb(
            proto=IPPROTO_UDP,
            socket=CLIENT,
            laddr=options.src or options.dst,
            lport=client_port(echo),
            faddr=options.dst,
            fport=self._dport,
        )

    def _servers(self) -> list[Inpcb]:
        if not self._serving:
            return []
        return [Inpcb(proto=IPPROTO_UDP, socket=SERVER, laddr=self._options.dst, lport=self._dport)]

    def _serve(self, machine: Machine) -> Iterator[list[Step]]:
        """Echo each datagram that arrived in a new one, back to where it came from."""
        while self._arrived and not machine.panicked:
            m = self._arrived.pop(0)
            data = m.data[ip.read(m.data).header_len + udp.HEADER_LEN :]
            yield self._send(machine, data, m.echo, REPLY)
            yield from machine.drain()

    def _send(self, machine: Machine, data: bytes, echo: int, packet: str) -> list[Step]:
        client = self._client
        near, far = (client.laddr, client.lport), (client.faddr, client.fport)
        ends = (*near, *far) if packet == REQUEST else (*far, *near)
        m = Mbuf(data, echo=echo, packet=packet)
        steps, errno = machine.syscall(defs.udp_output, m, defs.UdpOutput(*ends))
        self.errno = errno or self.errno
        return steps
