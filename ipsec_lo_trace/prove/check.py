"""Check a certificate: does it say of every case what comes of it?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.pieces import Shard
from ipsec_lo_trace.model.proof import Class, Head, Proof
from ipsec_lo_trace.prove.concrete import broken_of
from ipsec_lo_trace.prove.kernels import STRIPS, SWITCH
from ipsec_lo_trace.prove.path import Box, size
from ipsec_lo_trace.prove.proof import begun
from ipsec_lo_trace.prove.scope import View, hosts_of, kernels_of, views_of

Sorted = dict[tuple[str, View], list[tuple[Box, Class]]]


def doubt(proof: Proof, sample: int) -> str:
    """Say why a certificate is to be doubted; "" if nothing was found.

    Its head must be what this version says, its classes must have every host of every view once, and each
    every kernel once.  Then ``sample`` cases, which its digest chooses, are run again one by one.
    """
    return _head(proof.head) or _classes(proof) or _cases(proof, sample)


def _head(head: Head) -> str:
    try:
        ours = begun(
            head.claims, programs=head.programs, scope=head.scope, shard=Shard(head.shard, head.shards)
        ).head
    except UserError as error:
        return f"{error.reason}: {error.token}"
    if head.shards != 1:
        return f"it is share {head.shard} of {head.shards} only"
    if head.done != head.pieces:
        return f"{head.done} of {head.pieces} pieces are done"
    ours.done = ours.pieces
    return "" if ours == head else "another version wrote it, or it was altered: its head is not ours"


def _classes(proof: Proof) -> str:
    """Count hosts and kernels."""
    known = {(program, str(view)) for program, view in _views(proof)}
    if any((each.program, each.view) not in known for each in proof.classes()):
        return "a class is of another program or view"
    for (program, view), classes in _sorted(proof).items():
        every, kernels = hosts_of(view), kernels_of(view, program).every
        for box, each in classes:
            if box.keys() != every.keys() or any(values & ~every[name] for name, values in box.items()):
                return f"{program}, {view}: a class has hosts that there are not"
            came = [(int(one.strips, 16), int(one.switch, 16)) for one in each.came]
            if _overlap(came) or sum(_count(*one) for one in came) != size(kernels):
                return f"{program}, {view}: a class does not have every kernel once"
            if any(strips & ~kernels[STRIPS] or switch & ~kernels[SWITCH] for strips, switch in came):
                return f"{program}, {view}: a class has kernels that there are not"
            if any(list(one.broken) != sorted(proof.head.claims) for one in each.came):
                return f"{program}, {view}: a class does not say what comes of each claim"
        if sum(size(box) for box, _each in classes) != size(every):
            return f"{program}, {view}: its classes do not have every host once"
    return ""


def _sorted(proof: Proof) -> Sorted:
    found: Sorted = {each: [] for each in _views(proof)}
    views = {str(view): view for _program, view in found}
    for each in proof.classes():
        box = {name: int(values, 16) for name, values in each.hosts.items()}
        found[each.program, views[each.view]].append((box, each))
    return found


def _views(proof: Proof) -> list[tuple[str, View]]:
    head = proof.head
    return [(program, view) for program in head.programs for view in views_of(head.scope, program)]


def _count(strips: int, switch: int) -> int:
    return strips.bit_count() * switch.bit_count()


def _overlap(kernels: Sequence[tuple[int, int]]) -> bool:
    return any(
        one[0] & other[0] and one[1] & other[1] for at, one in enumerate(kernels) for other in kernels[:at]
    )


def _cases(proof: Proof, sample: int) -> str:
    """Run some cases again: a random host of the scope, the one class that has it, a random kernel."""
    found = list(_sorted(proof).items())
    digest = hashlib.sha256(proof.encoded()).digest()
    for number in range(sample):
        dice = _Dice(digest, number)
        (program, view), classes = found[dice.below(len(found))]
        host = {name: dice.one(values) for name, values in sorted(hosts_of(view).items())}
        having = [each for box, each in classes if all(box[name] >> at & 1 for name, at in host.items())]
        if len(having) != 1:
            return f"{program}, {view}: {len(having)} classes have one host"
        kernels = kernels_of(view, program).every
        strips, switch = dice.one(kernels[STRIPS]), dice.one(kernels[SWITCH])
        said = next(
            one.broken
            for one in having[0].came
            if int(one.strips, 16) >> strips & 1 and int(one.switch, 16) >> switch & 1
        )
        comes = broken_of(program, view, host, strips, switch, proof.head.claims)
        if comes != said:
            return f"{program}, {view}: a case comes to {_said(comes)}, and it says {_said(said)}"
    return ""


def _said(broken: dict[str, str]) -> str:
    return msgspec.json.encode(broken).decode("ascii")


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

    def one(self, values: int) -> int:
        """Take one of a set of values."""
        every = [at for at in range(values.bit_length()) if values >> at & 1]
        return every[self.below(len(every))]
