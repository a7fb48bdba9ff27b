"""A process that opens TCP connections, and perhaps one that listens for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.inpcb import Inpcb
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.model.proto import IPPROTO_TCP
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.ports import CLIENT, SERVER, client_port
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.wire.tcp import TH_SYN


class TcpExchange:
    """One connect(2) after another to ``dport``; ``serving`` opens a socket there that listens.

    ``sent``, ``received`` and ``errno`` (of the last connect that failed before its SYN was on its way, "" if
    none did) are what the processes saw.  ``received`` counts accepted connections, or without a server
    refused ones.
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

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Make every connection and run the kernel between them.

        SIMPLER: both ends are closed without a word before the next one.
        """
        kernel = cast("Kernel", machine.kernel)
        kernel.raw_sockets = ()
        for echo in range(1, self._options.count + 1):
            self._client = self._socket(echo)
            kernel.pcbs = [self._client, *self._servers()]
            kernel.syn_cache.clear()
            self.sent += 1
            m = Mbuf(b"", echo=echo, packet=REQUEST)
            steps, errno = machine.syscall(defs.tcp_output, m, defs.TcpOutput(self._client, TH_SYN))
            self.errno = errno or self.errno
            yield steps
            yield from machine.drain()
            if machine.panicked:
                return

    def deliver(self, socket: str, _m: Mbuf) -> None:
        """Learn that a connection was accepted, or refused."""
        client = self._client
        if self._serving:
            self.received += socket == SERVER and client.t_state == "TCPS_ESTABLISHED"
        else:
            self.received += client.so_error == "ECONNREFUSED"

    def _socket(self, echo: int) -> Inpcb:
        options = self._options
        return Inpcb(
            proto=IPPROTO_TCP,
            socket=CLIENT,
            laddr=options.src or options.dst,
            lport=client_port(echo),
            faddr=options.dst,
            fport=self._dport,
            t_state="TCPS_SYN_SENT",
            iss=(echo << 16) & 0xFFFFFFFF,
        )

    def _servers(self) -> list[Inpcb]:
        if not self._serving:
            return []
        laddr = self._options.dst
        return [
            Inpcb(proto=IPPROTO_TCP, socket=SERVER, laddr=laddr, lport=self._dport, t_state="TCPS_LISTEN")
        ]
