"""ping(8), or a plain program like it: sends echo requests, waits for the replies, counts what came back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from ipaddress import IPv4Address
from typing import cast

import msgspec

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netinet.raw_ip import INADDR_ANY, MAXTTL
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.packet_name import FLUSH, REQUEST
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.model.setup import LOCALHOST, Pinger
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.reflector import Reflector
from ipsec_lo_trace.wire import build, icmp, ip

TIMESTAMP_LEN = 8
"""Bytes of struct timeval that ping puts at the front of its data, if they fit."""
IDENT = 0x4C4F
"""The identifier that this ping's process id gives."""
SOCKETS: dict[Pinger, tuple[str, ...]] = {"netbsd": ("sloop", "ping"), "plain": ("ping",)}
"""The raw sockets of each ping, the one that it reads last, as the kernel keeps them: newest first."""
FLUSH_LEFT_OUT = "the echo reply that ping sends itself once a second, to clear its cached route, is left out"


class PingOptions(msgspec.Struct, frozen=True):
    """What ping(8) was asked for; lengths in bytes, ``pattern`` as -p gives it, ``src`` as -I does.

    The first ``preload`` requests go out together; NetBSD's ping sends them on top of ``count``, the plain
    one counts them in.  ``both_ways`` adds a ping that goes back from ``dst``, of as many requests.
    """

    dst: IPv4Address
    src: IPv4Address | None = None
    count: int = 1
    size: int = 56
    pattern: bytes = b""
    record_route: bool = False
    ttl: int = 0
    preload: int = 0
    pinger: Pinger = "netbsd"
    flush_probe: bool = False
    both_ways: bool = False

    @property
    def requests(self) -> int:
        """How many requests each ping sends in all."""
        return self.count + (self.preload if self.pinger == "netbsd" else 0)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What this ping is taken to do otherwise than the real one."""
        return () if self.flush_probe or self.pinger == "plain" else (FLUSH_LEFT_OUT,)


class Process(msgspec.Struct, frozen=True):
    """One of the pings that run: its ICMP message without a number, the header it writes, its system call."""

    ident: int
    message: bytes
    header: bytes
    raw: defs.RawOutput


def _process(options: PingOptions, number: int) -> Process:
    """Start a ping: number 0 goes the way that was asked for, number 1 goes back."""
    src, dst = (options.src, options.dst) if number == 0 else (options.dst, options.src or options.dst)
    ip_options = build.record_route_option() if options.record_route else b""
    own = options.pinger == "netbsd"
    return Process(
        ident=IDENT + number,
        message=build.echo_request(ident=IDENT + number, seq=0, data=_data(options)),
        header=build.ip_header(IPPROTO_ICMP, src or INADDR_ANY, dst, ttl=options.ttl or MAXTTL),
        raw=defs.RawOutput(src, dst, options.ttl, ip_options, header_included=own),
    )


class Ping:
    """One run of ping, or of two that go both ways, over a machine.

    NetBSD's writes the IP header itself, record route option included, and numbers its requests from 0.  It
    has two raw sockets, and its second bypasses IPsec.  A plain program lets the kernel write the header, and
    numbers from 1; it ends a burst at the first error.  NetBSD's is sbin/ping/ping.c.

    ``sent``, ``received`` and ``errno`` (of the last sendto that failed, "" if none did) are what ping saw.
    """

    def __init__(self, options: PingOptions) -> None:
        """Build the echo request that every echo of a process is a copy of."""
        self.options = options
        self.sent = 0
        self.received = 0
        self.errno = ""
        self._reflector = Reflector()
        self._processes = [_process(options, number) for number in range(2 if options.both_ways else 1)]
        self._idents = {process.ident for process in self._processes}
        self._first = 1 if options.pinger == "plain" else 0

    def run(self, machine: Machine) -> Iterator[list[Step]]:
        """Send every request and run the kernel between them; the first ``preload`` go out together.

        Of two pings each sends one in turn, without waiting for the other.  A reflecting process, if the
        kernel has one, answers whenever the kernel has come to rest.

        Gives the steps of each system call, callback and soft interrupt.
        """
        pings = len(self._processes)
        cast("Kernel", machine.kernel).raw_sockets = SOCKETS[self.options.pinger] * pings
        at_once = min(self.options.preload, self.options.requests) * pings
        yield from machine.burst(self._calls(machine, range(1, at_once + 1)))
        yield from self._reflector.settle(machine)
        for echo in range(at_once + 1, self.options.requests * pings + 1, pings):
            if machine.panicked:
                return
            yield from machine.burst(self._calls(machine, range(echo, echo + pings)))
            yield from self._reflector.settle(machine)

    def _calls(self, machine: Machine, echoes: Iterable[int]) -> Iterator[Callable[[], list[Step]]]:
        """Yield the system calls that send these requests, each when the one before it is done."""
        for echo in echoes:
            number, process = divmod(echo - 1, len(self._processes))
            if self._gave_up(number):
                return
            if self.options.flush_probe and self._new_second(number):
                yield partial(self._flush, machine, echo, number, self._processes[process])
            yield partial(self._send, machine, echo, number, self._processes[process])

    def _gave_up(self, number: int) -> bool:
        """Tell whether a request is not sent: the plain program ends its burst at the first error."""
        return self.options.pinger == "plain" and bool(self.errno) and number < self.options.preload

    def _send(self, machine: Machine, echo: int, number: int, process: Process) -> list[Step]:
        self.sent += 1
        stamp = _timestamp(number) if self.options.size >= TIMESTAMP_LEN else b""
        message = icmp.with_sequence(process.message, number + self._first & 0xFFFF, stamp)
        raw = process.raw
        if raw.header_included:
            message = ip.filled(process.header, message)
            if raw.options:
                message = ip.patch(ip.with_options(message, raw.options))
        steps, errno = machine.syscall(defs.rip_output, Mbuf(message, echo=echo, packet=REQUEST), raw)
        self.errno = errno or self.errno
        return steps

    def _new_second(self, number: int) -> bool:
        """Tell whether ping's clock shows another second than at its start, and than at the last probe.

        The first request finds the clock as it was at the start, unless it begins a burst: that goes out
        before ping looks at its clock, and takes no time.
        """
        burst = self.options.preload
        return number >= max(burst, 1) or (number == 0 and burst > 0)

    @staticmethod
    def _flush(machine: Machine, echo: int, number: int, process: Process) -> list[Step]:
        """Send an echo reply to 127.0.0.1, with an identifier that no process waits for.

        As pinger() of sbin/ping/ping.c does.  It goes no further than one hop (MSG_DONTROUTE), and ping does
        not mind if it fails.
        """
        template = build.echo_request(ident=~process.ident & 0xFFFF, seq=0, data=b"")
        reply = icmp.with_type(icmp.with_sequence(template, number & 0xFFFF), icmp.ICMP_ECHOREPLY)
        raw = defs.RawOutput(None, LOCALHOST, 1, b"", bypass=True)
        return machine.syscall(defs.rip_output, Mbuf(reply, echo=echo, packet=FLUSH), raw)[0]

    def deliver(self, socket: str, m: Mbuf) -> None:
        """Take a packet from the raw socket; count it if it answers one of ours."""
        if self._reflector.take(socket, m):
            return
        message = m.data[ip.read(m.data).header_len :]
        ident, _seq = icmp.ident_seq(message)
        if message[0] == icmp.ICMP_ECHOREPLY and ident in self._idents:
            self.received += 1


def _data(options: PingOptions) -> bytes:
    """Fill the data: the pattern over and over, else each byte's own position."""
    pattern = options.pattern or bytes(range(256))
    return (pattern * (options.size // len(pattern) + 1))[: options.size]


def _timestamp(number: int) -> bytes:
    """Return the time of a clock that starts at 0 and ticks once a request (struct timeval, 32 bits each)."""
    return number.to_bytes(4, "big") + bytes(4)
