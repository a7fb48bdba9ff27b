"""A traced run, whole: configuration and options in, records out, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Literal

import msgspec

from ipsec_lo_trace import __version__
from ipsec_lo_trace.findings.analysis import Labeller
from ipsec_lo_trace.findings.crossings import Crossings
from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.fixes.fix import Fix, built
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.kernel.netbsd_2003_08 import ASSUMPTIONS
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.cut import Cut
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.model.trace import SCHEMA, Record, Run, Verdict
from ipsec_lo_trace.setkey.configuration import Configuration
from ipsec_lo_trace.userland.ping import IDENT, Ping, PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions, Program
from ipsec_lo_trace.wire.summary import summarise

if TYPE_CHECKING:
    from ipsec_lo_trace.profiles.whatif import Surgeon
    from ipsec_lo_trace.userland.probe_kind import ProbeKind
    from ipsec_lo_trace.userland.replay import ReplayOptions

LOCALHOST = IPv4Address("127.0.0.1")


class Plan(msgspec.Struct, frozen=True):
    """What to trace: a ping, a probe or a replay, under which fix, on which host.

    ``chosen`` says how the fix was chosen ("--unpatched", "by default"), ``config`` where the configuration
    comes from ("built in", "-f FILE" without the file's folder).  ``settings`` are switches turned by hand
    (model.build.KNOBS), ``cuts`` are experiments on the marks; ``reflector`` says who answers: the kernel, or
    a process in user space.
    """

    options: PingOptions | ProbeOptions | ReplayOptions
    fix: Fix
    chosen: str
    config: str
    local: frozenset[IPv4Address] = frozenset({LOCALHOST})
    seed: int = 0
    cuts: tuple[Cut, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    reflector: Literal["kernel", "userspace"] = "kernel"

    @property
    def turned(self) -> dict[str, str]:
        """The switches that are turned: those that the probe needs, then those turned by hand."""
        options = self.options
        needed = _known_probe(options).knobs if isinstance(options, ProbeOptions) else {}
        return {**needed, **dict(self.settings)}

    def run_record(self, configuration: Configuration) -> Run:
        """Describe the run before it starts."""
        options = self.options
        return Run(
            schema=SCHEMA,
            tool=f"ipsec-lo-trace {__version__}",
            kernel=netbsd_2003_08.NAME,
            fix=self.fix.name,
            knobs=[f"{name}={value}" for name, value in self.turned.items()],
            seed=self.seed,
            chosen=self.chosen,
            program=_program_name(options),
            reflector=self.reflector,
            src=str(options.src or options.dst),
            dst=str(options.dst),
            count=options.count,
            size=options.size,
            preload=options.preload if isinstance(options, PingOptions) else 1,
            ident=IDENT,
            interface="lo0",
            config=self.config,
            what_if=[str(cut) for cut in self.cuts],
            sas=sa_records(configuration.db),
            policies=policy_records(configuration.db),
            assumptions=list(ASSUMPTIONS),
        )


class Tracing:
    """One run in progress: iterate for its records, then ``crossings`` holds what crossed lo0.

    The verdict record that comes last has an empty ``lo0``; whoever stores or shows the trace fills it from
    ``crossings``, so that a long run needs no memory for it.
    """

    def __init__(self, plan: Plan, configuration: Configuration) -> None:
        """Boot the kernel; nothing is sent yet."""
        self.run = plan.run_record(configuration)
        self._program = _program(plan)
        build = built(plan.fix, plan.turned)
        kernel = netbsd_2003_08.boot(configuration.db, build, local=plan.local, seed=plan.seed)
        kernel.reflector = plan.reflector
        table = netbsd_2003_08.link_table()
        self._surgeon = _surgeon(plan.cuts)
        self._machine = Machine(
            kernel,
            table,
            deliver=self._program.deliver,
            summarise=summarise,
            after=self._surgeon,
        )
        self._judge = Judge(self.run)

    @property
    def crossings(self) -> Crossings:
        """What crossed lo0 so far."""
        return self._judge.crossings

    @property
    def idle_cuts(self) -> list[Cut]:
        """The experiments that have deleted nothing so far."""
        return self._surgeon.idle if self._surgeon else []

    def __iter__(self) -> Iterator[Record]:
        """Give the run record, every step as it happens, and the verdict."""
        yield self.run
        see = self._judge.see
        label = Labeller().label if self.run.program == "ping" else None
        for steps in self._program.run(self._machine):
            for step in steps:
                if label is not None:
                    step.analysis = label(step)
                see(step)
            yield from steps
        program = self._program
        yield self._judge.verdict(
            sent=program.sent,
            received=program.received,
            errno=program.errno,
            counters=self._machine.kernel.counters,
        )

    def whole(self) -> list[Record]:
        """Run to the end; give every record, the verdict's ``lo0`` included."""
        try:
            records = list(self)
            verdict = records[-1]
            if isinstance(verdict, Verdict):
                verdict.lo0 = list(self.crossings)
            return records
        finally:
            self.crossings.close()


def trace(plan: Plan, configuration: Configuration) -> list[Record]:
    """Run a plan to its end and give the whole trace, the verdict's ``lo0`` included."""
    return Tracing(plan, configuration).whole()


def _program(plan: Plan) -> Program:
    """Make the process that sends and waits."""
    options = plan.options
    if isinstance(options, PingOptions):
        return Ping(options)
    if isinstance(options, ProbeOptions):
        return _known_probe(options).program(options)
    from ipsec_lo_trace.userland.replay import Replay  # noqa: PLC0415 -- few runs replay

    return Replay(options)


def _known_probe(options: ProbeOptions) -> ProbeKind:
    from ipsec_lo_trace.userland.probe_kind import known_probe  # noqa: PLC0415 -- a ping does without

    return known_probe(options.kind)


def _program_name(options: PingOptions | ProbeOptions | ReplayOptions) -> str:
    if not isinstance(options, (PingOptions, ProbeOptions)):
        return f"replay {options.name}"
    return "ping" if isinstance(options, PingOptions) else f"probe {options.kind}"


def _surgeon(cuts: tuple[Cut, ...]) -> Surgeon | None:
    if not cuts:
        return None
    from ipsec_lo_trace.profiles.whatif import Surgeon  # noqa: PLC0415 -- few runs experiment

    return Surgeon(cuts)
