"""ping(8): sends echo requests, waits for the replies, counts what came back."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.reflector import Reflector
from ipsec_lo_trace.wire import build, icmp, ip

TIMESTAMP_LEN = 8
"""Bytes of struct timeval that ping puts at the front of its data, if they fit."""
IDENT = 0x4C4F
"""The identifier that this ping's process id gives."""


class PingOptions(msgspec.Struct, frozen=True):
    """What ping(8) was asked for; lengths in bytes, ``pattern`` as -p gives it, ``src`` as -I does."""

    dst: IPv4Address
    src: IPv4Address | None = None
    count: int = 1
    size: int = 56
    pattern: bytes = b""
    record_route: bool = False
    ttl: int = 0
    preload: int = 1


class Ping:
    """One run of ping over a machine.

    ``sent``, ``received`` and ``errno`` (of the last sendto that failed, "" if none did) are what ping saw.
    """

    def __init__(self, options: PingOptions) -> None:
        """Build the echo request that every echo is a copy of."""
        self.options = options
        self.sent = 0
        self.received = 0
        self.errno = ""
        self._reflector = Reflector()
        self._template = build.echo_request(ident=IDENT, seq=0, data=_data(options))
        self._ip_options = build.record_route_option() if options.record_route else b""

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Send every request and run the kernel between them; the first ``preload`` go out together.

        A reflecting process, if the kernel has one, answers whenever the kernel has come to rest.

        Gives the steps of each system call, callback and soft interrupt.
        """
        for echo in range(1, self.options.count + 1):
            yield self._send(machine, echo)
            if echo >= self.options.preload:
                yield from self._reflector.settle(machine)
            if machine.panicked:
                return
        yield from self._reflector.settle(machine)

    def _send(self, machine: Machine, echo: int) -> list[Step]:
        self.sent += 1
        options = self.options
        stamp = _timestamp(echo) if options.size >= TIMESTAMP_LEN else b""
        message = icmp.with_sequence(self._template, echo & 0xFFFF, stamp)
        m = Mbuf(message, echo=echo, packet=REQUEST)
        raw = defs.RawOutput(options.src, options.dst, options.ttl, self._ip_options)
        steps, errno = machine.syscall(defs.rip_output, m, raw)
        self.errno = errno or self.errno
        return steps

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a packet from the raw socket; count it if it answers one of ours."""
        if self._reflector.take(socket, m):
            return
        message = m.data[ip.read(m.data).header_len :]
        ident, _seq = icmp.ident_seq(message)
        if message[0] == icmp.ICMP_ECHOREPLY and ident == IDENT:
            self.received += 1


def _data(options: PingOptions) -> bytes:
    """Fill the data: the pattern over and over, else each byte's own position."""
    pattern = options.pattern or bytes(range(256))
    return (pattern * (options.size // len(pattern) + 1))[: options.size]


def _timestamp(echo: int) -> bytes:
    """Return the time of a clock that starts at 0 and ticks once a request (struct timeval, 32 bits each)."""
    return (echo - 1).to_bytes(4, "big") + bytes(4)
