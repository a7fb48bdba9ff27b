"""Run one case under the fixes, and hold each run to the laws."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cache
from typing import NamedTuple

from msgspec.structs import replace

from ipsec_lo_trace.findings.judge import Judge
from ipsec_lo_trace.fixes.fix import UNPATCHED, Fix, built, known_fix
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep.asked import Alike, Asked, answers
from ipsec_lo_trace.sweep.drawn import LOCAL, DrawnCase
from ipsec_lo_trace.sweep.kept import KeptEsp
from ipsec_lo_trace.sweep.laws import Breach, breaches
from ipsec_lo_trace.sweep.ran import Ran, Rows
from ipsec_lo_trace.tracer.packets import all_sas
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import program_of, summary_of


class Examined(NamedTuple):
    """The results of a case: (fix, outcome) of the runs that ended in one, and the laws that were broken."""

    outcomes: list[tuple[str, str]]
    broken: list[Breach]


def planned(case: DrawnCase, fix: Fix) -> Plan:
    """Plan the run of a case under a fix."""
    return Plan(
        options=case.options,
        fix=fix,
        chosen=fix.name,
        config=Origin("given"),
        local=frozenset(LOCAL),
    )


class Untouched:
    """What a run changes in its databases, as it was before: each SA's state and numbers, each rule's SA."""

    def __init__(self, db: Databases) -> None:
        """Note it."""
        self._sas = [(sav, sav.state, copy(sav.replay)) for sav in all_sas(db)]
        policies = (sp for of_direction in db.sptree.values() for sp in of_direction)
        self._requests = [(isr, isr.sav) for sp in policies for isr in sp.requests]

    def restore(self) -> None:
        """Make the databases what they were."""
        for sav, state, replay in self._sas:
            sav.state, sav.replay = state, copy(replay)
        for isr, used in self._requests:
            isr.sav = used


ROW_LIMIT = 2_000
"""Rows after which a packet that goes round is followed no further: no law asks how its round ends, and a
case that loops would take as long as two hundred others."""


class Runs:
    """The runs of one case; its configuration is read once, and what cannot differ runs once."""

    def __init__(self, case: DrawnCase) -> None:
        """Read the configuration; UserError if it is not legal."""
        configuration = load(case.text, "drawn")
        self._db = configuration.db
        self._untouched = Untouched(self._db)
        self._summarise = summary_of(all_sas(self._db))
        self._plan = planned(case, known_fix(UNPATCHED))
        self._turned = self._plan.turned
        self._record = self._plan.run_record(configuration)
        self._esp_of = cache(KeptEsp)
        self._done: list[tuple[Alike, Ran]] = []

    def under(self, fix: str) -> Ran:
        """Run the case under a fix; a kernel that would answer as one that ran did need not run again."""
        preset = known_fix(fix)
        build = built(preset, self._turned)
        for alike, ran in self._done:
            if answers(build, alike):
                return ran
        asked = Asked(build)
        ran = self._run(preset, asked)
        self._done.append((asked.alike(ran.loop_row), ran))
        return ran

    def _run(self, preset: Fix, asked: Asked) -> Ran:
        """Run it without what no law looks at: bytes and the analysis's steps; no row is kept."""
        self._untouched.restore()
        program = program_of(self._plan)
        kernel = netbsd_2003_08.boot(self._db, asked.build, local=frozenset(LOCAL))
        kernel.esp_of = self._esp_of
        machine = Machine(
            kernel,
            netbsd_2003_08.link_table(),
            deliver=program.deliver,
            summarise=self._summarise,
            shown=_unshown,
        )
        machine.row_limit = ROW_LIMIT
        asked.by_row(lambda: machine.row)
        record = replace(self._record, fix=preset.name, chosen=preset.name)
        judge, rows = Judge(record), Rows()
        try:
            for steps in program.run(machine):
                judge.see(steps)
                rows.see(steps)
            verdict = judge.verdict(
                sent=program.sent, received=program.received, errno=program.errno, counters=kernel.counters
            )
        finally:
            judge.crossings.close()
        return rows.ran(record, verdict)


def _unshown(_data: bytes) -> None:
    """Show nothing of a packet's bytes."""


def examine(case: DrawnCase, fixes: Sequence[str]) -> Examined:
    """Run a case under each fix, and without one; UserError if it cannot be run at all."""
    found = Examined([], [])
    runs = Runs(case)
    for fix in fixes:
        try:
            done = runs.under(fix)
            broken = breaches(fix, done, runs.under(UNPATCHED))
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is: that is the law
            found.broken.append(Breach("exception", fix, type(error).__name__, "", str(error)))
            continue
        found.outcomes.append((fix, done.verdict.outcome))
        found.broken.extend(broken)
    return found
