"""A process that sends one ICMP message after another from a raw socket, and waits for the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from typing import cast

import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.state import ALLHOSTS_GROUP, Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import REQUEST
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.ping import IDENT
from ipsec_lo_trace.userland.program import ProbeOptions
from ipsec_lo_trace.userland.reflector import Reflector
from ipsec_lo_trace.wire import build, icmp, ip

MS_A_SECOND = 1000


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """What an ICMP probe sends, and what it takes for an answer.

    ``message`` makes the message of an echo, ``raw`` says how sendto(2) is called.  ``answer`` is the ICMP
    type that answers; with ``socket`` "wire" whatever leaves the host does.  ``prepare`` sets the host up.
    """

    message: Callable[[int], bytes]
    raw: defs.RawOutput
    answer: int = icmp.ICMP_ECHOREPLY
    socket: str = "ping"
    prepare: Callable[[Kernel], None] | None = None


class IcmpExchange:
    """The process; see ``Program`` for what it saw.  An echo that is answered twice counts once."""

    def __init__(self, options: ProbeOptions, exchange: Exchange) -> None:
        """Send nothing yet."""
        self.sent = 0
        self.received = 0
        self.errno = ""
        self._count = options.count
        self._exchange = exchange
        self._reflector = Reflector()
        self._answered = 0

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Set the host up, send every message, and run the kernel (and the reflector) after each."""
        if self._exchange.prepare is not None:
            self._exchange.prepare(cast("Kernel", machine.kernel))
        for echo in range(1, self._count + 1):
            self.sent += 1
            m = Mbuf(self._exchange.message(echo), echo=echo, packet=REQUEST)
            steps, errno = machine.syscall(defs.rip_output, m, self._exchange.raw)
            self.errno = errno or self.errno
            yield steps
            yield from self._reflector.settle(machine)
            if machine.panicked:
                return

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a packet: a request for the reflector, or an answer."""
        if self._reflector.take(socket, m) or socket != self._exchange.socket or m.echo == self._answered:
            return
        if socket == "wire" or m.data[ip.read(m.data).header_len] == self._exchange.answer:
            self._answered = m.echo
            self.received += 1


def echo_request(options: ProbeOptions) -> Callable[[int], bytes]:
    """Return the maker of echo requests with the data that was asked for."""
    data = (bytes(range(256)) * (options.size // 256 + 1))[: options.size]
    template = build.echo_request(ident=IDENT, seq=0, data=data)
    return lambda echo: icmp.with_sequence(template, echo & 0xFFFF)


def plain(options: ProbeOptions, *, ttl: int = 0, ip_options: bytes = b"") -> defs.RawOutput:
    """Say how sendto(2) is called for a message to the probe's own host."""
    return defs.RawOutput(options.src, options.dst, ttl, ip_options)


def elsewhere(options: ProbeOptions, dst: IPv4Address, *, ttl: int = 0) -> defs.RawOutput:
    """Say how sendto(2) is called for a message from the probe's host to ``dst``."""
    return defs.RawOutput(options.src or options.dst, dst, ttl, b"")


MULTICAST_CONFIG = """\
# everything to the group of all hosts by ESP
add 127.0.0.1 224.0.0.1 esp 0x1000
    -E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef" ;
spdadd 0.0.0.0/0 224.0.0.1/32 any -P out ipsec esp/transport/127.0.0.1-224.0.0.1/require ;
spdadd 0.0.0.0/0 224.0.0.1/32 any -P in ipsec esp/transport/127.0.0.1-224.0.0.1/require ;
"""


def multicast(options: ProbeOptions, *, interface: str) -> IcmpExchange:
    """Make the process: echo requests to the group of all hosts, which is routed to ``interface``."""

    def prepare(kernel: Kernel) -> None:
        kernel.multicast_if = interface

    group: IPv4Address = ALLHOSTS_GROUP
    exchange = Exchange(message=echo_request(options), raw=elsewhere(options, group), prepare=prepare)
    return IcmpExchange(options, exchange)
