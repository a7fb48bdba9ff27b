"""Does the model come to what NetBSD's own network stack came to, in 1,234 random configurations?

``data/netbsd`` holds what the stack did (its 2016 sources, as a user-space kernel, with what differed in
2003 set back): for each configuration the outcomes, and for each outcome the kernels that came to it.
Compared are every packet that crossed lo0, what left by ex0, the answers, the errno, and every counter that
the runs list.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipsec_lo_trace import Setup
from ipsec_lo_trace.defs import ether_output, looutput
from ipsec_lo_trace.findings.echo import crosses_lo0
from ipsec_lo_trace.model.trace import Crossing, Packet, Record, Step, Verdict
from ipsec_lo_trace.tracer.setup import configuration, planned
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.probe_kind import known_probe

DATA = Path(__file__).parent / "data" / "netbsd"
FILES = ("random.jsonl.gz", "random-more.jsonl.gz")
CASES = 1234
RUNS = 15_912
CHUNKS = 16

NOT_OF_2003 = {
    # The runs had the AH of the 2016 sources, whose ah_massage_headers finds the options.
    "record-route": {"ah_options": "mended"},
    "timestamp-option": {"ah_options": "mended"},
}
"""The programs whose runs were made on a stack that differs from the plain kernel of 2003, and how."""


SOMETIMES = ("ips_ofragments",)
"""The counters that not every run lists."""
LOOPING = "ahs_toobig"
"""The counter that tells a loop: such runs are long, and compared under one kernel of each outcome."""


Crossed = tuple[str, list[str], list[int | None], str, str, int]


class Outcome(msgspec.Struct, omit_defaults=True):
    """What a run came to; ``lo0`` has protocols, SPIs, sequence numbers, ends and length, in bytes."""

    under: list[str] = []
    lo0: list[Crossed] = []
    wire: list[tuple[str, str, str, int]] | None = None
    received: int = 0
    errno: str | None = None
    counters: dict[str, int] = {}
    panic: bool = False


class Case(msgspec.Struct):
    """A random configuration, what was sent over it, and what came of it."""

    id: str
    setkey: str
    program: str
    src: str
    dst: str
    count: int
    size: int
    preload: int
    local: list[str]
    set: list[str]
    real: list[Outcome]


@cache
def cases() -> list[Case]:
    """Read every case."""
    decoder = msgspec.json.Decoder(Case)
    return [decoder.decode(line) for file in FILES for line in gzip.open(DATA / file)]


@cache
def compared_counters() -> frozenset[str]:
    """Return every counter that moved in any run; in the others it stood still."""
    return frozenset(name for case in cases() for outcome in case.real for name in outcome.counters)


def setup(case: Case, under: str) -> Setup:
    """Make the run of a case under a kernel: a fix's name, and the knobs that are turned."""
    fix, *knobs = under.split()
    settings = dict(turned.split("=") for turned in (*case.set, *knobs))
    common: dict[str, Any] = {
        "host": case.dst,
        "source": case.src,
        "local": tuple(case.local),
        "count": case.count,
        "config": case.setkey,
        "fix": fix,
        "settings": {**NOT_OF_2003.get(case.program, {}), **settings},
    }
    if case.program == "ping":
        return Setup(**common, size=case.size, preload=case.preload, pinger="plain")
    return Setup(**common, probe=case.program, size=case.size if known_probe(case.program).size else None)


def modelled(case: Case, under: str) -> Outcome:
    """Run a case through the model."""
    run = setup(case, under)
    read = configuration(run)
    records = Tracing(planned(run, read), read).whole()
    verdict = records[-1]
    assert isinstance(verdict, Verdict)
    if verdict.outcome == "panic":
        return Outcome(panic=True)
    left = [_left(wire) for wire in _left_the_host(records)]
    return Outcome(
        lo0=[_crossing(crossing) for crossing in verdict.lo0],
        wire=left,
        received=_received(case, verdict, left),
        errno=verdict.errno or None,
        counters=_counters({name: verdict.counters.get(name, 0) for name in compared_counters()}),
    )


def _crossing(crossing: Crossing) -> Crossed:
    spis = [f"0x{spi:x}" for spi in crossing.spi]
    return "/".join(crossing.proto), spis, list(crossing.seq), crossing.src, crossing.dst, crossing.len


def _left(wire: Packet) -> tuple[str, str, str, int]:
    return "/".join(wire.proto), wire.src, wire.dst, wire.len


def _received(case: Case, verdict: Verdict, left: list[tuple[str, str, str, int]]) -> int:
    """Count as the runs did: packets on ex0 for forward, every redirect and not the echoes that got one."""
    if case.program == "forward":
        return len(left)
    return verdict.counters.get("icps_inhist[5]", 0) if case.program == "redirect" else verdict.received


def _left_the_host(records: list[Record]) -> Iterator[Packet]:
    """Yield what tcpdump on ex0 saw: what left, and what was looped as if ex0 had received it."""
    for record in records:
        if isinstance(record, Step):
            looped = record.stage == looutput.name and not crosses_lo0(record)
            if looped or record.stage == ether_output.name:
                yield record.wire


def _counters(counters: dict[str, int]) -> dict[str, int]:
    """Leave out what stood still; the runs count ips_rawout as ips_localout."""
    folded = dict(counters)
    folded["ips_localout"] = folded.get("ips_localout", 0) + folded.pop("ips_rawout", 0)
    return {name: moved for name, moved in folded.items() if moved}


def differences(case: Case, real: Outcome, under: str) -> list[str]:
    """Name what the model got otherwise, with both values."""
    got = modelled(case, under)
    if real.panic or got.panic:
        return [] if real.panic == got.panic else [f"panic {real.panic} => {got.panic}"]
    found = [
        f"{name} {getattr(real, name)} => {getattr(got, name)}"
        for name in ("received", "errno")
        if getattr(real, name) != getattr(got, name)
    ]
    if real.lo0 != [_as_listed(one, other) for one, other in zip(got.lo0, real.lo0, strict=False)]:
        found.append(f"lo0 {real.lo0} => {got.lo0}")
    if real.wire is not None and real.wire != got.wire:
        found.append(f"wire {real.wire} => {got.wire}")
    moved = _counters(real.counters)
    found.extend(
        f"{name} {moved.get(name, 0)} => {got.counters.get(name, 0)}"
        for name in sorted(moved | got.counters)
        if moved.get(name, 0) != got.counters.get(name, 0)
        if name in moved or name not in SOMETIMES
    )
    return found


def _as_listed(got: Crossed, real: Crossed) -> Crossed:
    """Leave out the numbers that the run does not list: an SA of an old form has the same SPI."""
    numbers = [None if listed is None else number for number, listed in zip(got[2], real[2], strict=False)]
    return (*got[:2], numbers, *got[3:])


def runs() -> Iterator[tuple[Case, Outcome, str]]:
    """Yield every run: a case, an outcome, a kernel that came to it."""
    for case in cases():
        for outcome in case.real:
            for under in outcome.under:
                yield case, outcome, under


def loops(outcome: Outcome) -> bool:
    """Tell whether AH is applied until the packet is too long."""
    return LOOPING in outcome.counters


def mistaken(chosen: Iterator[tuple[Case, Outcome, str]]) -> list[str]:
    """Name every run that the model got otherwise."""
    return [
        f"{case.id} ({case.program}, {under}): {'; '.join(found)}"
        for case, outcome, under in chosen
        if (found := differences(case, outcome, under))
    ]


def test_every_run_is_there() -> None:
    """The data holds as many configurations and runs as the stack was asked for."""
    assert (len(cases()), sum(1 for _ in runs())) == (CASES, RUNS)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_outcome_is_the_models(chunk: int) -> None:
    """Under one of the kernels that came to it, the model comes to each outcome of the real stack."""
    first = ((case, outcome, outcome.under[0]) for case in cases()[chunk::CHUNKS] for outcome in case.real)
    assert mistaken(run for run in first if not loops(run[1])) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_every_loops_end_is_the_models(number: int) -> None:
    """AH goes round until the packet is too long, as often as it did in the real stack."""
    ends = [(case, outcome, outcome.under[0]) for case in cases() for outcome in case.real if loops(outcome)]
    assert len(ends) == 4
    assert mistaken(iter(ends[number : number + 1])) == []


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_kernels_outcome_is_the_models(chunk: int) -> None:
    """Under every kernel that was run, the model comes to what the real stack came to."""
    mine = (run for number, run in enumerate(runs()) if number % CHUNKS == chunk and not loops(run[1]))
    assert mistaken(mine) == []


def test_a_wrong_counter_is_noticed() -> None:
    """A real outcome with one counter altered is no longer the model's."""
    case = next(case for case in cases() if case.program == "ping" and case.real[0].counters)
    real = case.real[0]
    altered = msgspec.structs.replace(
        real, counters={**real.counters, "ips_total": real.counters.get("ips_total", 0) + 1}
    )
    assert len(differences(case, altered, real.under[0])) == len(differences(case, real, real.under[0])) + 1
