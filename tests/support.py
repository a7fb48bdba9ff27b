"""What many tests need: run a scenario, and say in one line what crossed lo0."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.databases import Configuration
from ipsec_lo_trace.model.trace import Run, Step, Verdict
from ipsec_lo_trace.model.whatif import Cut
from ipsec_lo_trace.render.marks import crossing_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import trace as run_plan
from ipsec_lo_trace.userland.ping import PingOptions

HERE = Path(__file__).parent
SCENARIOS = HERE.parent / "ipsec_lo_trace" / "cases" / "configurations"
LOCALHOST = IPv4Address("127.0.0.1")
A = IPv4Address("10.9.9.1")
B = IPv4Address("10.9.9.2")
UNPATCHED = "none"
PATCHED = "netbsd-2003-08"


@dataclass(frozen=True)
class Traced:
    """A trace taken apart."""

    run: Run
    steps: list[Step]
    verdict: Verdict

    @property
    def lo0(self) -> list[str]:
        """What crossed lo0, as ``ah:1011#1/esp:1001#1`` or ``icmp``, in order."""
        return [crossing_text(crossing) for crossing in self.verdict.lo0]

    def at(self, stage: str, packet: str | None = None) -> list[Step]:
        """Give the rows of a stage, of one packet if it is named."""
        return [step for step in self.steps if step.stage == stage and packet in (None, step.packet)]

    def before(self, step: Step) -> list[str]:
        """Name the marks that the packet of ``step`` bore when it came there, newest first."""
        earlier = [other for other in self.steps if other.echo == step.echo and other.row < step.row]
        return [mark.name for mark in earlier[-1].marks] if earlier else []


def scenario(name: str) -> Configuration:
    """Read a scenario's configuration afresh."""
    path = SCENARIOS / f"{name}.conf"
    return load(path.read_text(encoding="utf-8"), path.name)


def ends(name: str) -> tuple[IPv4Address | None, IPv4Address]:
    """Give the ends that a scenario is about: A to B if it speaks of B, A or 127.0.0.1 to itself."""
    text = (SCENARIOS / f"{name}.conf").read_text(encoding="utf-8")
    if str(B) in text or "10.0.0.0/8" in text:
        return A, B
    return (None, A) if str(A) in text else (None, LOCALHOST)


def trace(
    configuration: Configuration | str,
    fix: str = UNPATCHED,
    *,
    src: IPv4Address | None = None,
    dst: IPv4Address | None = None,
    seed: int = 0,
    cuts: tuple[Cut, ...] = (),
    settings: tuple[tuple[str, str], ...] = (),
    **options: Any,  # noqa: ANN401 -- passed on to PingOptions
) -> Traced:
    """Trace a ping over a scenario (by name) or a configuration.

    Its program is the plain one, as it was where NetBSD's own stack was run.
    """
    if isinstance(configuration, str):
        default_src, default_dst = ends(configuration)
        src, dst = src or default_src, dst or default_dst
        configuration = scenario(configuration)
    what = Plan(
        options=PingOptions(dst=dst or LOCALHOST, src=src, **{"pinger": "plain", **options}),
        fix=known_fix(fix),
        chosen="a test",
        config=Origin("given"),
        local=frozenset({LOCALHOST, A, B}),
        seed=seed,
        cuts=cuts,
        settings=settings,
    )
    return taken_apart(run_plan(what, configuration))


def taken_apart(records: list[Any]) -> Traced:
    """Split a trace's records by kind, which must come in their order."""
    run, *steps, verdict = records
    assert isinstance(run, Run)
    assert isinstance(verdict, Verdict)
    assert all(isinstance(step, Step) for step in steps)
    return Traced(run, steps, verdict)
