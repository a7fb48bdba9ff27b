"""Do hosts of the proof fare as they did on NetBSD's own stack, under the kernels that were run there?

``data/netbsd`` has random configurations and what the stack made of each (see test_real_runs).  Those of a
ping that are a host of the proof, but for keys and SPIs, are taken as that host and run as the proof's cases
are.  The stack ran eight combinations of strips.  The smallest that make the kernel's reply a process's are
not among them, but two that contain some of them are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from ipsec_lo_trace.findings.echo import crosses_lo0
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.build import PLAIN
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Level, Policy
from ipsec_lo_trace.model.proto import PROTO_NUMBERS
from ipsec_lo_trace.model.sa import Mode, SecurityAssociation
from ipsec_lo_trace.prove.concrete import Decided
from ipsec_lo_trace.prove.kernels import PLACES
from ipsec_lo_trace.prove.scope import PING, View, kernels_of
from ipsec_lo_trace.prove.shapes import COMBINED, Combined
from ipsec_lo_trace.prove.slots import Ends, Slot, sa_name
from ipsec_lo_trace.setkey.load import load
from tests.prove.support import Host
from tests.test_real_runs import Case, Outcome, cases

RAN = (
    "none",
    "openbsd-2002",
    "kame",
    "netbsd-2003-08",
    "looutput-only",
    "netbsd-2.0",
    "freebsd",
    "strict",
)
"""The kernels that were run on the stack and differ in their strips alone, as far as a ping can tell."""
PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "every-small-configuration.md"
FLAGS_ALONE = {"if_output": "flags"}
FLAGS_TOO = ("freebsd", "strict")
"""Those of them that clear flags as well as tags."""
SMALLEST: tuple[dict[str, str], ...] = (
    {"icmp_reflect": "all"},
    {"looutput": "all"},
    {"if_output": "flags", "icmp_input": "tags"},
    {"if_output": "flags", "icmp_reflect": "tags"},
    {"if_output": "flags", "looutput": "tags"},
)
"""The smallest combinations of strips under which no one can tell the kernel's reply from a process's."""
Fate = tuple[list[tuple[str, str, str]], int]
"""Protocols and ends of what crossed lo0, and how many replies came."""


class Known(NamedTuple):
    """A host of the proof, and the real runs over it."""

    view: View
    host: Host
    case: Case


def strips_of(fix: str) -> dict[str, str]:
    """Return what a fix strips, by place."""
    build = known_fix(fix).build
    found = {place: getattr(build, place) for place in PLACES}
    return {place: value for place, value in found.items() if value != getattr(PLAIN, place)}


@cache
def known() -> list[Known]:
    """Return every random configuration of a ping that is a host of the proof."""
    return [found for case in cases() if case.program == PING and not case.set for found in _known(case)]


def _known(case: Case) -> Iterator[Known]:
    db = load(case.setkey, case.id).db
    for name, shape in COMBINED.items():
        ends = (str(shape.src or shape.dst), str(shape.dst))
        if (case.src, case.dst) == ends and case.preload <= 1 and (host := _host(shape, db)) is not None:
            yield Known(View(name, "strips", "all"), host, case)
            return


def _host(shape: Combined, db: Databases) -> Host | None:
    """Return the host of a shape that databases are, None if they are none."""
    host: Host = {}
    policies = [policy for of_direction in db.sptree.values() for policy in of_direction]
    for slot in shape.slots:
        mine = [policy for policy in policies if _alike(policy, slot)]
        if len(mine) > 1:
            return None
        host[slot.name] = _alike(mine[0], slot)[0] if mine else 0
        policies = [policy for policy in policies if policy not in mine]
    if policies:
        return None
    return host | {
        sa_name(PROTO_NUMBERS[proto], ends): int(any(_serves(sav, proto, ends, db) for sav in _sas(db)))
        for proto in ("esp", "ah")
        for ends in shape.pairs
    }


def _alike(policy: Policy, slot: Slot) -> list[int]:
    """List the numbers of the policies of a place that are this one; a unique rule is none of them."""
    return [at for at, one in enumerate(slot.policies) if one is not None and _read(one) == _read(policy)]


def _read(policy: Policy) -> tuple[object, ...]:
    """Read a policy; of a unique rule the number matters, which no random configuration has in common."""
    rules = [
        (isr.proto, isr.mode, isr.level, isr.reqid if isr.level is Level.UNIQUE else 0, isr.src, isr.dst)
        for isr in policy.requests
    ]
    return policy.direction, policy.selector, policy.kind, rules


def _sas(db: Databases) -> list[SecurityAssociation]:
    return [sav for head in db.sahtree for sav in head.savs]


def _serves(sav: SecurityAssociation, proto: str, ends: Ends, db: Databases) -> bool:
    """Tell whether an SA is one that the rules of these databases can use."""
    index = sav.index
    if (index.proto, index.src, index.dst) != (PROTO_NUMBERS[proto], *ends):
        return False
    rules = [isr for sp in _policies(db) for isr in sp.requests if isr.proto == index.proto]
    return all(index.mode in (Mode.ANY, isr.mode) for isr in rules)


def _policies(db: Databases) -> list[Policy]:
    return [policy for of_direction in db.sptree.values() for policy in of_direction]


def real(case: Case, fix: str) -> Fate:
    """Return how each echo fared on the stack; all of a run fared alike."""
    (outcome,) = (each for each in case.real if fix in each.under)
    return _of_each(outcome, case.count)


def _of_each(outcome: Outcome, count: int) -> Fate:
    crossed = [(one[0], one[3], one[4]) for one in outcome.lo0]
    each = crossed[: len(crossed) // count]
    assert sorted(each * count) == sorted(crossed)
    return each, outcome.received // count


def modelled(one: Known, strips: dict[str, str]) -> Fate:
    """Return how the one echo of the proof's case fares."""
    kernels = kernels_of(one.view, PING)
    seen = Decided(PING, one.view, one.host).seen(kernels.number(**strips), 0)
    wires = [step.wire for step in seen.steps if crosses_lo0(step)]
    reached = sum(step.to == "socket:ping" for step in seen.steps)
    return [("/".join(wire.proto), wire.src, wire.dst) for wire in wires], reached


@pytest.mark.parametrize("fix", RAN)
def test_a_host_fares_as_on_the_stack(fix: str) -> None:
    """What crossed lo0, and whether the reply came, is what the stack showed under the same strips."""
    assert len(known()) == 21
    for one in known():
        assert modelled(one, strips_of(fix)) == real(one.case, fix), one


def test_the_runs_decide_between_three_sorts_of_kernels() -> None:
    """On the stack too, some host parts no strip from tags alone, and some those from tags and flags."""
    tags_alone = [fix for fix in RAN if fix != "none" and fix not in FLAGS_TOO]
    parted = set()
    for one in known():
        plain, *tags = (real(one.case, fix) for fix in ("none", *tags_alone))
        flags = [real(one.case, fix) for fix in FLAGS_TOO]
        assert all(fate == tags[0] for fate in tags)
        assert all(fate == flags[0] for fate in flags)
        parted |= {("tags", plain != tags[0]), ("flags", tags[0] != flags[0])}
    assert {("tags", True), ("flags", True)} <= parted


@pytest.mark.slow
def test_every_combination_fares_as_one_that_was_run() -> None:
    """Over these hosts a combination does what the stack did under one that it ran.

    So do the smallest, which never ran there: what they leave out of the two that did makes no difference.
    Flags alone, which no run here has, send what none sends; what comes in clear may then be refused.
    """
    combinations = kernels_of(known()[0].view, PING)
    for one in known():
        fates = {fix: real(one.case, fix) for fix in RAN}
        for strips in combinations.strips:
            chosen = {place: value for place, value in zip(PLACES, strips, strict=True) if value != "keep"}
            crossed, replies = fates[like(chosen)]
            fate = modelled(one, chosen)
            assert fate[0] == crossed, (one, chosen)
            assert fate[1] == replies or (chosen == FLAGS_ALONE and not fate[1]), (one, chosen)


def like(strips: dict[str, str]) -> str:
    """Name a kernel that was run and strips the like: no tags, tags alone, or tags and flags."""
    values = {*strips.values()}
    if "all" in values or {"flags", "tags"} <= values:
        return "strict"
    return "netbsd-2003-08" if values & {"tags", "history"} else "none"


def table() -> str:
    """Say what was run on the stack and what was not, as the page on the scope has it."""
    rows = [
        "| strips | run on NetBSD's own stack | hosts compared | that differ |",
        "| --- | --- | ---: | ---: |",
    ]
    for fix in RAN:
        differ = sum(modelled(one, strips_of(fix)) != real(one.case, fix) for one in known())
        rows.append(f"| {_named(strips_of(fix))} | as `{fix}` | {len(known())} | {differ} |")
    rows += [f"| {_named(strips)} | never | | |" for strips in SMALLEST]
    return "\n".join(rows)


def _named(strips: dict[str, str]) -> str:
    return ", ".join(f"`{place}={value}`" for place, value in sorted(strips.items())) or "nothing"


def test_the_page_says_what_was_run_and_what_never_was() -> None:
    """The page on the scope has a row for each kernel that the stack ran, and for each of the smallest."""
    assert table() in PAGE.read_text(encoding="utf-8")


def test_the_smallest_never_ran() -> None:
    """Eight combinations were run, and the smallest are none of them: they are parts of two that were."""
    ran = [strips_of(fix) for fix in RAN]
    assert len({tuple(sorted(each.items())) for each in ran}) == len(RAN)
    freebsd, strict = (strips_of(fix) for fix in FLAGS_TOO)
    for smallest in SMALLEST:
        assert smallest not in ran
        assert like(smallest) == "strict"
    assert {"if_output": "flags", "icmp_reflect": "tags"}.items() <= freebsd.items()
    assert {"if_output": "flags", "looutput": "tags"}.items() <= freebsd.items()
    assert {"looutput": "all"}.items() <= strict.items()
