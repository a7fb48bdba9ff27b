"""A bench for single stages: boot a kernel, hand packets to it anywhere, look at what it does."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import Any

from ipsec_lo_trace import defs
from ipsec_lo_trace.kernel.netbsd_2003_08 import link_table
from ipsec_lo_trace.kernel.state import Kernel, Sysctl
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.machine.stage import ASYNCHRONOUS, CALL, NETISR, Symbol, Via, hand_off
from ipsec_lo_trace.model.build import Build
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.wire import icmp, ip
from ipsec_lo_trace.wire.summary import summarise
from tests import handmade
from tests.support import LOCALHOST, A, B

ESP_KEYS = '-E 3des-cbc "123456789012345678901234" -A hmac-md5 "0123456789abcdef"'
AH_KEYS = '-A hmac-sha1 "01234567890123456789"'
ONE_ESP = f"add 127.0.0.1 127.0.0.1 esp 0x1000 {ESP_KEYS} ;"
ONE_AH = f"add 127.0.0.1 127.0.0.1 ah 0x1001 {AH_KEYS} ;"
OUT_ESP = "spdadd 127.0.0.1 127.0.0.1 any -P out ipsec esp/transport//require ;"
IN_ESP = "spdadd 127.0.0.1 127.0.0.1 any -P in ipsec esp/transport//require ;"


class Bench:
    """A kernel on a table: ``delivered`` holds what reached a socket, ``counters`` what moved so far."""

    def __init__(
        self,
        config: str = "",
        *,
        sysctl: Sysctl | None = None,
        build: Build = Build(),  # noqa: B008 -- frozen
    ) -> None:
        """Boot with a setkey(8) text."""
        db = load(config, "a test").db if config else Databases()
        self.kernel = Kernel(db, local=frozenset({LOCALHOST, A, B}), sysctl=sysctl, build=build)
        self.delivered: list[Mbuf] = []
        self.counters: dict[str, int] = {}
        self.machine = Machine(
            self.kernel, link_table(), deliver=lambda _to, m: self.delivered.append(m), summarise=summarise
        )

    @property
    def sa(self) -> SecurityAssociation:
        """The SA that was added last."""
        return self.kernel.db.sahtree[0].savs[0]

    def receive(self, packet: bytes, *, marks: Mbuf | None = None) -> list[Step]:
        """Queue a packet for ip_input and run until nothing is left; it bears the marks of ``marks``."""
        m = Mbuf(packet, echo=1, packet="P1")
        if marks is not None:
            m.tags, m.flags = marks.tags, marks.flags
        return self.enter(defs.ip_input, m, defs.Input(), via=NETISR)

    def enter_output(self, packet: bytes) -> list[Step]:
        """Hand a packet to ip_output, as the kernel's own, and run until nothing is left."""
        output = defs.Output(flags=defs.IP_RAWOUTPUT)
        return self.enter(defs.ip_output, Mbuf(packet, echo=1, packet="P1"), output, via=CALL)

    def enter(self, to: Symbol[Any], m: Mbuf, args: Any, *, via: Via = NETISR) -> list[Step]:  # noqa: ANN401
        """Hand a packet to any stage and run until nothing is left."""
        if via in ASYNCHRONOUS:
            self.machine.queue(hand_off(to, via, m, args, ""))
        else:
            self.machine.callbacks.append(hand_off(to, via, m, args, ""))
        return self._note(step for steps in self.machine.drain() for step in steps)

    def _note(self, steps: Iterable[Step]) -> list[Step]:
        noted = list(steps)
        for step in noted:
            for name, by in step.counters.items():
                self.counters[name] = self.counters.get(name, 0) + by
        return noted


def echo(
    src: IPv4Address = LOCALHOST,
    dst: IPv4Address = LOCALHOST,
    *,
    kind: int = icmp.ICMP_ECHO,
    **fields: Any,  # noqa: ANN401 -- header fields of several types
) -> bytes:
    """Build an echo message in an IPv4 packet; ``fields`` replaces header fields."""
    message = icmp.with_type(bytes((kind, 0, 0, 0, 0, 1, 0, 1)) + bytes(range(56)), kind)
    return handmade.write(header(src, dst)._replace(**fields), message)


def header(src: IPv4Address = LOCALHOST, dst: IPv4Address = LOCALHOST) -> ip.IpHeader:
    """Return a plain ICMP header."""
    return ip.IpHeader(20, 0, 0, 7, 0, 255, IPPROTO_ICMP, 0, src, dst, b"")
