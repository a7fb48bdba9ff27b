"""A process over a bare machine: no findings, no trace file, only what its packets met."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Literal

from ipsec_lo_trace.findings.echo import crosses_lo0
from ipsec_lo_trace.fixes.fix import built, known_fix
from ipsec_lo_trace.kernel.netbsd_2003_08 import boot, link_table
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from ipsec_lo_trace.userland.probe_kind import known_probe
from ipsec_lo_trace.userland.program import ProbeOptions, Program
from ipsec_lo_trace.wire.summary import summarise
from tests.support import LOCALHOST, UNPATCHED, A, B

Reflector = Literal["kernel", "userspace"]


@dataclass(frozen=True)
class Ran:
    """What a process saw, and every row."""

    program: Program
    kernel: Kernel
    steps: list[Step]

    @property
    def lo0(self) -> list[str]:
        """What crossed lo0: the protocols from the outside in, in order."""
        return ["/".join(step.wire.proto) for step in self.steps if crosses_lo0(step)]

    def at(self, stage: str, packet: str | None = None) -> list[Step]:
        """Return the rows of a stage, of one packet if it is named."""
        return [step for step in self.steps if step.stage == stage and packet in (None, step.packet)]

    @property
    def replies(self) -> list[bytes]:
        """The replies as they come to ip_output in clear, without identification and header checksum."""
        first = [step for step in self.at("ip_output") if step.visit == 1 and step.packet != "P1"]
        return [_without_id(bytes.fromhex(step.bytes or "")) for step in first]


def _without_id(packet: bytes) -> bytes:
    return packet[:4] + packet[6:10] + packet[12:]


def names(step: Step) -> list[str]:
    """Name the marks after a row, newest first, a stale one with an exclamation mark."""
    return [mark.name + "!" * mark.stale for mark in step.marks]


def run(program: Program, config: str, build: dict[str, str], fix: str, reflector: Reflector) -> Ran:
    """Run a process over a kernel with three local addresses."""
    kernel = boot(load(config, "a test").db, built(known_fix(fix), build), local=frozenset({LOCALHOST, A, B}))
    kernel.reflector = reflector
    machine = Machine(kernel, link_table(), deliver=program.deliver, summarise=summarise)
    return Ran(program, kernel, [step for steps in program.run(machine) for step in steps])


def probe(  # noqa: PLR0913 -- as many as a command line has
    kind: str,
    fix: str = UNPATCHED,
    *,
    host: IPv4Address = LOCALHOST,
    config: str | None = None,
    proto: str = "esp",
    reflector: Reflector = "kernel",
    count: int = 1,
    size: int | None = None,
    **knobs: str,
) -> Ran:
    """Run a probe over its own configuration, or the built-in one for ``proto``."""
    found = known_probe(kind)
    text = config or found.config or builtin_text(proto=proto, local=host)
    options = ProbeOptions(kind=kind, dst=host, count=count, size=found.size if size is None else size)
    return run(found.program(options), text, {**found.knobs, **knobs}, fix, reflector)


def ping(config: str, fix: str, reflector: Reflector, *, src: IPv4Address, dst: IPv4Address) -> Ran:
    """Run a ping."""
    return run(Ping(PingOptions(dst=dst, src=src, count=2)), config, {}, fix, reflector)
