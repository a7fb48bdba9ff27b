"""A traced run, whole: configuration and options in, records out, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from ipsec_lo_trace.findings.analysis import Labeller
from ipsec_lo_trace.findings.crossings import Crossings
from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.fixes.fix import built
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.machine.schedule import Schedule, parse_schedule
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.model.trace import PING, Record, Run, Verdict
from ipsec_lo_trace.model.whatif import Cut
from ipsec_lo_trace.userland.ping import Ping, PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions, Program
from ipsec_lo_trace.wire.summary import Unnumbered, summarise, summarise_old

if TYPE_CHECKING:
    from ipsec_lo_trace.tracer.whatif import Surgeon

from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.trace import Crossing, Finding, Packet, Step
from ipsec_lo_trace.tracer.packets import TracedStep, all_sas, with_packets
from ipsec_lo_trace.tracer.plan import Plan, _known_probe


class Tracing:
    """One run in progress: take its records, then ``crossings`` holds what crossed lo0.

    The verdict record that comes last has an empty ``lo0``; whoever stores or shows the trace fills it from
    ``crossings``, so that a long run needs no memory for it.  ``keys`` are the SAs of its configuration,
    ``kernel`` and ``machine`` what runs it; ``configuration`` changes as it runs.
    """

    def __init__(self, plan: Plan, configuration: Configuration, schedule: Schedule | None = None) -> None:
        """Boot the kernel; nothing is sent yet.  ``schedule`` takes the place of the plan's."""
        self.run = plan.run_record(configuration)
        self.configuration = configuration
        self.keys = all_sas(configuration.db)
        self._program = program_of(plan)
        build = built(plan.fix, plan.turned)
        self.kernel = kernel = netbsd_2003_08.boot(configuration.db, build, local=plan.local, seed=plan.seed)
        kernel.reflector = plan.reflector
        table = netbsd_2003_08.link_table()
        self._surgeon = _surgeon(plan.cuts)
        self.machine = Machine(
            kernel,
            table,
            deliver=self._program.deliver,
            summarise=summary_of(self.keys),
            after=self._surgeon,
            schedule=schedule or parse_schedule(plan.schedule),
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
        """Yield the run record, every step as it happens, and the verdict."""
        return chain.from_iterable(self.stretches())

    def stretches(self) -> Iterator[Sequence[Record]]:
        """Yield the same records by the stretch: the steps of one system call, callback or soft interrupt."""
        yield (self.run,)
        labeller = Labeller() if self.run.program == PING else None
        for steps in self._program.run(self.machine):
            if labeller is not None:
                labeller.label(steps)
            self._judge.see(steps)
            yield steps
        program = self._program
        verdict = self._judge.verdict(
            sent=program.sent,
            received=program.received,
            errno=program.errno,
            counters=self.machine.kernel.counters,
        )
        yield (verdict,)

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


def program_of(plan: Plan) -> Program:
    """Make the process that sends and waits."""
    options = plan.options
    if isinstance(options, PingOptions):
        return Ping(options)
    if isinstance(options, ProbeOptions):
        return _known_probe(options).program(options)
    from ipsec_lo_trace.userland.replay import Replay  # noqa: PLC0415 -- few runs replay

    return Replay(options)


def summary_of(sas: Sequence[SecurityAssociation]) -> Callable[[bytes], Packet]:
    """Choose how packets are described: some may be of an old form, which bears no number."""
    numbered = {(PROTO_NAMES[sav.proto], sav.spi) for sav in sas if not sav.old}
    old: Unnumbered = frozenset((PROTO_NAMES[sav.proto], sav.spi) for sav in sas if sav.old) - numbered
    return partial(summarise_old, old) if old else summarise


def _surgeon(cuts: tuple[Cut, ...]) -> Surgeon | None:
    if not cuts:
        return None
    from ipsec_lo_trace.tracer.whatif import Surgeon  # noqa: PLC0415 -- few runs experiment

    return Surgeon(cuts)


class Trace(msgspec.Struct, frozen=True):
    """A whole trace: what was run, every step in order, and what it came to.

    As a str it is the timeline, 80 columns wide; a notebook shows its picture.
    """

    run: Run
    steps: list[TracedStep]
    verdict: Verdict

    def __str__(self) -> str:
        """Return the timeline that ``ipsec-lo-trace show`` prints."""
        from ipsec_lo_trace.render.rows import UNICODE  # noqa: PLC0415 -- the views load for those who print
        from ipsec_lo_trace.render.store import LiveTrace  # noqa: PLC0415
        from ipsec_lo_trace.render.timeline import View, timeline  # noqa: PLC0415

        view = View(glyphs=UNICODE)
        lines = timeline(LiveTrace(iter([[self.run], self.steps, [self.verdict]])), view)
        return "\n".join(text for line in lines for text in line.plain(view.width))

    def _repr_html_(self) -> str:
        """Return the picture that ``ipsec-lo-trace export`` writes as SVG."""
        from ipsec_lo_trace.render.export.svg import svg_lines  # noqa: PLC0415 -- for notebooks
        from ipsec_lo_trace.render.store import spool  # noqa: PLC0415

        verdict = msgspec.structs.replace(self.verdict, lo0=[])
        crossings = map(msgspec.json.encode, self.crossings)
        with closing(spool([[self.run], self.steps, [verdict]], crossings)) as trace:
            return "\n".join(svg_lines(trace))

    @property
    def crossings(self) -> list[Crossing]:
        """What crossed lo0, in order, as tcpdump would see it."""
        return self.verdict.lo0

    @property
    def findings(self) -> list[Finding]:
        """Everything that the run showed, in the order of the rows."""
        return self.verdict.findings

    def at(self, stage: str, packet: str | None = None) -> list[TracedStep]:
        """Give the rows of a stage, of one packet if it is named."""
        return [step for step in self.steps if step.stage == stage and packet in (None, step.packet)]

    def found(self, code: str) -> Finding | None:
        """Give the finding with this code; None if the run does not show it."""
        return next((finding for finding in self.findings if finding.code == code), None)


def taken_apart(records: list[Record], keys: Sequence[SecurityAssociation] = ()) -> Trace:
    """Split a trace's records by kind; ``keys`` open the ESP of its packets."""
    run, *steps, verdict = records
    if not (isinstance(run, Run) and isinstance(verdict, Verdict)):
        msg = "a trace without its run or its verdict record"
        raise BrokenInvariantError(msg)
    return Trace(run, with_packets((step for step in steps if isinstance(step, Step)), keys), verdict)
