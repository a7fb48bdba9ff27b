"""What a proof comes to: how each claim is broken, the least that cures it, and what the known fixes do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import and_
from typing import NamedTuple

from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.model.proof import Case, Class, Cure, FixDoes, Proof, Result
from ipsec_lo_trace.prove.claims import together
from ipsec_lo_trace.prove.concrete import command_of
from ipsec_lo_trace.prove.kernels import TCP_PLACE, UNREAD, Kernels
from ipsec_lo_trace.prove.path import Box, numbers, size
from ipsec_lo_trace.prove.scope import View, kernels_of, views_of
from ipsec_lo_trace.prove.shapes import SHAPES

BESIDE = {
    "daemon": "with --reflector userspace as well",
    "daemon-tags": "with --reflector userspace as well",
    "never-worse": "with --unpatched instead",
}
"""What the other run of a claim that compares two is: the same command, but so."""


class Part(NamedTuple):
    """The classes of a program in a view, their hosts as sets."""

    program: str
    view: View
    kernels: Kernels
    classes: list[tuple[Box, Class]]

    @property
    def hosts(self) -> int:
        """How many hosts the view has."""
        return sum(size(box) for box, _each in self.classes)

    @property
    def cases(self) -> int:
        """How many cases: each host under each kernel."""
        return self.hosts * size(self.kernels.every)


class Broken(NamedTuple):
    """Some hosts, and kernels under which they break a claim in one way."""

    hosts: Box
    strips: int
    switch: int
    kind: str

    @property
    def cases(self) -> int:
        """How many cases that is."""
        return size(self.hosts) * self.strips.bit_count() * self.switch.bit_count()


def results(proof: Proof) -> list[Result]:
    """Give what a proof says of each of its claims."""
    parts = {claims: list(_parts(proof, claims)) for claims in together(proof.head.claims)}
    of_claim = {claim: of_claims for claims, of_claims in parts.items() for claim in claims}
    return [_result(claim, of_claim[claim]) for claim in proof.head.claims]


def _parts(proof: Proof, claims: Sequence[str]) -> Iterator[Part]:
    """Sort the classes about some claims by program and view, in the proof's order of both."""
    sorted_: dict[tuple[str, str], list[tuple[Box, Class]]] = {}
    for each in proof.classes():
        if each.claims == sorted(claims):
            box = {name: int(values, 16) for name, values in each.hosts.items()}
            sorted_.setdefault((each.program, each.view), []).append((box, each))
    for program in proof.head.programs:
        for view in views_of(proof.head.scope, program):
            yield Part(program, view, kernels_of(view, program), sorted_.get((program, str(view)), []))


def _result(claim: str, parts: Sequence[Part]) -> Result:
    broken = [(part, list(_broken(part, claim))) for part in parts]
    stripping = [(part, found) for part, found in broken if part.view.kernels == "strips"]
    return Result(
        claim=claim,
        cases=sum(part.cases for part in parts),
        broken=sum(each.cases for _part, found in broken for each in found),
        kinds=_kinds(claim, broken),
        cures=[] if claim == "never-worse" else [_cure(part, claim) for part, _found in stripping],
        fixes=list(_fixes(broken)),
    )


def _broken(part: Part, claim: str) -> Iterator[Broken]:
    for box, each in part.classes:
        for came in each.came:
            if came.broken[claim]:
                yield Broken(box, int(came.strips, 16), int(came.switch, 16), came.broken[claim])


def _kinds(claim: str, broken: Sequence[tuple[Part, list[Broken]]]) -> list[Case]:
    """Give each kind of each program, with the smallest case of it."""
    cases: dict[tuple[str, str], int] = {}
    least: dict[tuple[str, str], tuple[tuple[int, ...], Part, Broken]] = {}
    for part, found in broken:
        for each in found:
            key = part.program, each.kind
            cases[key] = cases.get(key, 0) + each.cases
            weight = _weight(part, each)
            if key not in least or weight < least[key][0]:
                least[key] = weight, part, each
    return [_case(claim, part, each, cases[key]) for key, (_weight_, part, each) in sorted(least.items())]


def _weight(part: Part, each: Broken) -> tuple[int, ...]:
    """Return what is the less, the simpler the simplest case is: switches, rules, SAs, strips."""
    shape = SHAPES[part.view.shape]
    host = shape.simplest(each.hosts)
    strips = min(numbers(each.strips), key=lambda at: _stripping(part, at))
    return (
        next(numbers(each.switch)),
        *shape.weight(host),
        *_stripping(part, strips),
        *(host[name] for name in sorted(host)),
    )


def _stripping(part: Part, number: int) -> tuple[int, int]:
    """Return at how many places one strips something, and its number."""
    return sum(value != "keep" for value in part.kernels.strips[number]), number


def _case(claim: str, part: Part, each: Broken, cases: int) -> Case:
    shape, kernels = SHAPES[part.view.shape], part.kernels
    host = shape.simplest(each.hosts)
    strips = min(numbers(each.strips), key=lambda at: _stripping(part, at))
    switch = next(numbers(each.switch))
    config, build = shape.config(host), kernels.build(strips, switch)
    return Case(
        program=part.program,
        view=str(part.view),
        kind=each.kind,
        cases=cases,
        strips=kernels.strip_text(strips),
        switch=list(kernels.turned)[switch],
        config=config,
        command=f"echo '{config.strip()}' | {command_of(part.program, shape, host, build)}",
        beside=BESIDE.get(claim, ""),
    )


def _cure(part: Part, claim: str) -> Cure:
    """Find the least that may be stripped so that no host is broken that any combination mends."""
    every = part.kernels.every["strips"]
    holding: list[int] = []
    incurable = 0
    for box, each in part.classes:
        holds = sum(int(came.strips, 16) for came in each.came if not came.broken[claim])
        if holds:
            holding.append(holds)
        else:
            incurable += size(box)
    cures = list(numbers(reduce(and_, holding, every)))
    least = [
        one for one in cures if not any(other != one and part.kernels.no_more(other, one) for other in cures)
    ]
    texts = sorted(map(part.kernels.strip_text, least))
    return Cure(program=part.program, view=str(part.view), hosts=part.hosts, incurable=incurable, least=texts)


def _fixes(broken: Sequence[tuple[Part, list[Broken]]]) -> Iterator[FixDoes]:
    """Say what each known fix does for each program, where it was run."""
    of_program: dict[str, list[tuple[Part, list[Broken]]]] = {}
    for part, found in broken:
        of_program.setdefault(part.program, []).append((part, found))
    for program, parts in of_program.items():
        for fix in all_fixes():
            ran = [(part, found, at) for part, found in parts if (at := _place(part.kernels, fix.knobs))]
            hosts = sum(part.hosts for part, _found, _at in ran)
            hit = sum(
                size(each.hosts)
                for _part, found, (strips, switch) in ran
                for each in found
                if each.strips >> strips & 1 and each.switch >> switch & 1
            )
            if hosts:
                yield FixDoes(program=program, fix=fix.name, hosts=hosts, broken=hit)


def _place(kernels: Kernels, knobs: Mapping[str, str]) -> tuple[int, int] | None:
    """Find the kernel of a fix: the numbers of what it strips and of its switches; None if it is not there.

    What no run here can tell is left out of account, and so is where a program's packets never come by.
    """
    strips = {place: knobs[place] for place in kernels.places if place in knobs}
    others = {
        name: value for name, value in knobs.items() if name not in {*kernels.places, *UNREAD, TCP_PLACE}
    }
    for switch, turned in enumerate(kernels.turned.values()):
        if turned == others and (others or len(kernels.turned) == 1):
            return kernels.number(**strips), switch
    return None
