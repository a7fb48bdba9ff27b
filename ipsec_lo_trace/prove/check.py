"""Check a certificate: does it say of every case what comes of it?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.proof import Came, Class, Head, Proof
from ipsec_lo_trace.prove.claims import together
from ipsec_lo_trace.prove.concrete import broken_of
from ipsec_lo_trace.prove.kernels import STRIPS, SWITCH
from ipsec_lo_trace.prove.path import Box, numbers, size
from ipsec_lo_trace.prove.proof import begun
from ipsec_lo_trace.prove.scope import View, hosts_of, kernels_of, views_of
from ipsec_lo_trace.prove.shapes import Host

Key = tuple[str, View, tuple[str, ...]]
"""A program, a view, and claims that are proved in one go."""
Sorted = dict[Key, list[tuple[Box, Class]]]


class _Case(NamedTuple):
    """A decided case, and what the certificate says of it."""

    program: str
    view: View
    host: Host
    strips: int
    switch: int
    said: dict[str, str]


def doubt(proof: Proof, sample: int) -> str:
    """Say why a certificate is to be doubted; "" if nothing was found.

    Its head must be what this version says, and its classes must have every case once.  Then ``sample``
    cases, which its digest chooses, are run again one by one: in turn one of a whole view, in which large
    classes come up often, and one of the next answer of a class, until all answers have had their turn.
    """
    return _head(proof.head) or uncounted(proof) or _cases(proof, sample)


def _head(head: Head) -> str:
    if (head.shard, head.shards) != (1, 1):
        return f"it is share {head.shard} of {head.shards} only"
    try:
        ours = begun(head.claims, programs=head.programs, scope=head.scope).head
    except UserError as error:
        return str(error)
    if ours.tool != head.tool:
        return f"another version wrote it, {head.tool}, and this is {ours.tool}"
    if head.done != head.pieces:
        return f"{head.done} of {head.pieces} pieces are done"
    ours.done = ours.pieces
    return "" if ours == head else "its head is not what this version writes: it was altered"


def uncounted(proof: Proof) -> str:
    """Say what classes do not add up to its views; "" if every case is in one of them, once."""
    known = {_name(*key) for key in _keys(proof)}
    if any(_name(each.program, each.view, each.claims) not in known for each in proof.classes()):
        return "a class is of another program or view, or about other claims"
    for (program, view, _claims), classes in _sorted(proof).items():
        kernels = kernels_of(view, program).every
        faults = [_kernels(each, kernels) for _box, each in classes]
        said = next(filter(None, faults), "") or _hosts([box for box, _each in classes], hosts_of(view))
        if said:
            return f"{program}, {view}: {said}"
    return ""


def _sorted(proof: Proof) -> Sorted:
    found: Sorted = {each: [] for each in _keys(proof)}
    keys = {_name(*key): key for key in found}
    for each in proof.classes():
        box = {name: int(values, 16) for name, values in each.hosts.items()}
        found[keys[_name(each.program, each.view, each.claims)]].append((box, each))
    return found


def _name(program: str, view: object, claims: Sequence[str]) -> str:
    return " ".join((program, str(view), *sorted(claims)))


def _keys(proof: Proof) -> list[Key]:
    head = proof.head
    return [
        (program, view, claims)
        for program in head.programs
        for view in views_of(head.scope, program)
        for claims in together(head.claims)
    ]


def _hosts(boxes: Sequence[Box], every: Box) -> str:
    """Count the hosts of a view."""
    if any(box.keys() != every.keys() for box in boxes):
        return "a class has hosts of another kind"
    if any(values & ~every[name] for box in boxes for name, values in box.items()):
        return "a class has hosts that there are not"
    if _meet(boxes):
        return "two classes have one host"
    missing = size(every) - sum(map(size, boxes))
    return f"no class has {missing:,} of its {size(every):,} hosts" if missing else ""


def _meet(boxes: Sequence[Box]) -> bool:
    """Tell whether two boxes have something in common."""
    return any(all(one[name] & other[name] for name in one) for one, other in combinations(boxes, 2))


def _kernels(each: Class, every: Box) -> str:
    """Count the kernels of a class."""
    came = [_kernels_of(one) for one in each.came]
    if any(values & ~every[name] for kernels in came for name, values in kernels.items()):
        return "a class has kernels that there are not"
    if _meet(came):
        return "a class has one kernel twice"
    if sum(map(size, came)) != size(every):
        return "a class does not have every kernel"
    if any(sorted(one.broken) != each.claims for one in each.came):
        return "a class does not say what comes of each claim"
    return ""


def _cases(proof: Proof, sample: int) -> str:
    """Run some cases again, and hold what comes of them against what the certificate says."""
    for case in _chosen(proof, sample):
        comes = broken_of(case.program, case.view, case.host, case.strips, case.switch, tuple(case.said))
        if comes != case.said:
            said = f"a case comes to {_text(comes)}, and it says {_text(case.said)}"
            return f"{case.program}, {case.view}: {said}"
    return ""


def _chosen(proof: Proof, sample: int) -> Iterator[_Case]:
    """Choose cases: in turn of a whole view, and of each answer of each class."""
    found = _sorted(proof)
    keys = list(found)
    answers = [
        (key, box, came) for key, classes in found.items() for box, each in classes for came in each.came
    ]
    digest = hashlib.sha256(proof.encoded()).digest()
    turns = sorted(range(len(answers)), key=lambda at: _Dice(digest, at).below(1 << 64))
    for number in range(sample):
        dice = _Dice(digest, number)
        if number % 2:
            key, box, came = answers[turns[number // 2 % len(turns)]]
            host, kernel = dice.each(box), dice.each(_kernels_of(came))
            yield _Case(*key[:2], host, kernel[STRIPS], kernel[SWITCH], came.broken)
        else:
            key = keys[dice.below(len(keys))]
            program, view, _claims = key
            host, kernel = dice.each(hosts_of(view)), dice.each(kernels_of(view, program).every)
            said = _answer(found[key], host, kernel)
            yield _Case(program, view, host, kernel[STRIPS], kernel[SWITCH], said.broken)


def _answer(classes: Sequence[tuple[Box, Class]], host: Host, kernel: Host) -> Came:
    """Find what a certificate that has every case once says of one."""
    [having] = [each for box, each in classes if all(box[name] >> at & 1 for name, at in host.items())]
    [came] = [
        one
        for one in having.came
        if all(values >> kernel[name] & 1 for name, values in _kernels_of(one).items())
    ]
    return came


def _kernels_of(came: Came) -> Box:
    return {STRIPS: int(came.strips, 16), SWITCH: int(came.switch, 16)}


def _text(broken: dict[str, str]) -> str:
    return ", ".join(f"{claim} {kind or 'holds'}" for claim, kind in broken.items())


class _Dice:
    """Throws that a certificate's digest and the number of the case decide."""

    def __init__(self, digest: bytes, number: int) -> None:
        self._name = digest + number.to_bytes(4, "big")
        self._thrown = 0

    def below(self, sides: int) -> int:
        """Throw a number from 0 up to, and without, ``sides``."""
        self._thrown += 1
        thrown = hashlib.sha256(self._name + self._thrown.to_bytes(4, "big")).digest()
        return int.from_bytes(thrown[:8], "big") % sides

    def each(self, box: Box) -> dict[str, int]:
        """Take one value of each variable."""
        return {name: self._one(values) for name, values in sorted(box.items())}

    def _one(self, values: int) -> int:
        every = list(numbers(values))
        return every[self.below(len(every))]
