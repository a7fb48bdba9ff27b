"""Run one case under the fixes, and hold each run to the laws."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import NamedTuple

from ipsec_lo_trace.fixes.fix import UNPATCHED, Fix, known_fix
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep.drawn import LOCAL, DrawnCase
from ipsec_lo_trace.sweep.laws import Breach, breaches
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Trace, taken_apart, trace


class Examined(NamedTuple):
    """The results of a case: (fix, outcome) of the runs that ended in one, and the laws that were broken."""

    outcomes: list[tuple[str, str]]
    broken: list[Breach]


class Runs:
    """The runs of one case; its configuration is read once."""

    def __init__(self, case: DrawnCase) -> None:
        """Read the configuration; UserError if it is not legal."""
        self._case = case
        # A run changes its databases. To read them back costs a quarter of reading the text again.
        self._configuration = pickle.dumps(load(case.text, "drawn"), pickle.HIGHEST_PROTOCOL)
        self._plain: Trace | None = None

    @property
    def plain(self) -> Trace:
        """The run without a fix, which every other is compared with; no other is kept."""
        if self._plain is None:
            self._plain = self._run(known_fix(UNPATCHED))
        return self._plain

    def under(self, fix: str) -> Trace:
        """Run the case under a fix; a kernel that is like the one without need not run again."""
        preset = known_fix(fix)
        return self._run(preset) if preset.knobs else self.plain

    def _run(self, preset: Fix) -> Trace:
        configuration: Configuration = pickle.loads(self._configuration)  # noqa: S301 -- our own, as above
        plan = Plan(
            options=self._case.options,
            fix=preset,
            chosen=preset.name,
            config=Origin("given"),
            local=frozenset(LOCAL),
        )
        return taken_apart(trace(plan, configuration))


def examine(case: DrawnCase, fixes: Sequence[str]) -> Examined:
    """Run a case under each fix, and without one; UserError if it cannot be run at all."""
    found = Examined([], [])
    runs = Runs(case)
    for fix in fixes:
        try:
            done = runs.under(fix)
            broken = breaches(fix, done, runs.plain)
        except UserError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever it is: that is the law
            found.broken.append(Breach("exception", fix, type(error).__name__, "", str(error)))
            continue
        found.outcomes.append((fix, done.verdict.outcome))
        found.broken.extend(broken)
    return found
