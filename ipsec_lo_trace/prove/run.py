"""Run a proof in pieces that any executor may share out, each a part of one view of one program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.proof import Came, Class
from ipsec_lo_trace.model.setup import Reflector
from ipsec_lo_trace.prove.claims import (
    COMPARED,
    Reply,
    judged,
    reply_of,
    run,
    together,
    unlike,
    unlike_tags,
    watch,
    worse,
)
from ipsec_lo_trace.prove.kernel import OpenBuild, OpenSysctl
from ipsec_lo_trace.prove.kernels import STRIPS, SWITCH, Kernels
from ipsec_lo_trace.prove.path import Box, Leaf, Memo, Path, explore, numbers
from ipsec_lo_trace.prove.scope import View, hosts_of, kernels_of, program_of
from ipsec_lo_trace.prove.shapes import LOCAL, SHAPES, Shape
from ipsec_lo_trace.userland.program import Program

Broken = dict[str, str]


class Piece(NamedTuple):
    """A part of a view of a program: the hosts whose shape's first variable has a value of ``first``.

    ``claims`` are such as are proved in one go.
    """

    program: str
    view: View
    claims: tuple[str, ...]
    first: int


def pieces(programs: Sequence[str], views: Sequence[View], claims: Sequence[str]) -> Iterator[Piece]:
    """Yield the pieces of a proof, always the same."""
    for program in programs:
        for view in views:
            shape = SHAPES[view.shape]
            parts = list(shape.parts(hosts_of(view)[shape.first]))
            yield from (Piece(program, view, some, part) for some in together(claims) for part in parts)


def run_piece(piece: Piece) -> list[bytes]:
    """Run a piece; give its classes as JSON.  They have no host in common."""
    return [msgspec.json.encode(each) for each in classes_of(piece)]


def classes_of(piece: Piece) -> list[Class]:
    """Run a piece; give its classes, in as few as they can be put into without trying hard."""
    shape, kernels = SHAPES[piece.view.shape], kernels_of(piece.view, piece.program)
    hosts = hosts_of(piece.view) | {shape.first: piece.first}
    runner = Runner(piece, shape, kernels)
    found = [(leaf.hosts, runner.judged(leaf)) for leaf in explore(hosts, kernels.every, runner)]
    return [class_of(piece.program, piece.view, box, came) for box, came in joined(found)]


def class_of(program: str, view: View, hosts: Box, came: Iterable[Came]) -> Class:
    """Write a class down."""
    values = {name: f"{values:x}" for name, values in sorted(hosts.items())}
    return Class(program=program, view=str(view), hosts=values, came=list(came))


class Runner:
    """Runs the program of a piece along a path, by the kernel alone or with a process that answers."""

    def __init__(self, piece: Piece, shape: Shape, kernels: Kernels) -> None:
        """Take what is to be run."""
        self._piece = piece
        self._shape = shape
        self._kernels = kernels
        every = hosts_of(piece.view) | kernels.every
        self._ours = Memo(every, partial(self._reply, "kernel"))
        self._theirs = Memo(every, partial(self._reply, "userspace"))

    def __call__(self, path: Path) -> tuple[str, Broken]:
        """Run it; give the outcome, "" if nothing is judged, and how each claim but never-worse is broken."""
        claims = self._piece.claims
        if claims[0] in COMPARED:
            return "", self._compared(path)
        kernel, program, referee = self._begun(path)
        seen = watch(kernel, program, referee)
        return seen.outcome, {name: kind for name, kind in judged(seen).items() if name in claims}

    def _compared(self, path: Path) -> Broken:
        """Run it by the kernel alone, and with a process that answers."""
        ours = self._ours(path)
        theirs = self._theirs(path) if ours.came_to_icmp else ours
        looks = {"daemon": unlike, "daemon-tags": unlike_tags}
        return {name: look(ours, theirs) for name, look in looks.items() if name in self._piece.claims}

    def _reply(self, reflector: Reflector, path: Path) -> Reply:
        kernel, program, _referee = self._begun(path)
        kernel.reflector = reflector
        return reply_of(run(kernel, program))

    def _begun(self, path: Path) -> tuple[Kernel, Program, Referee]:
        db, referee, src, dst = self._shape.opened(path)
        build = OpenBuild(path, self._kernels).build
        kernel = Kernel(db, local=LOCAL, build=build, sysctl=OpenSysctl(build).sysctl)
        return kernel, program_of(self._piece.program, src, dst), referee

    def judged(self, leaf: Leaf[tuple[str, Broken]]) -> tuple[Came, ...]:
        """Say what came of every kernel of a leaf, held against the one without a fix."""
        plain = next(outcome for kernels, (outcome, _) in leaf.done if kernels[STRIPS] & kernels[SWITCH] & 1)
        came: dict[tuple[tuple[str, str], ...], dict[int, int]] = {}
        for kernels, (outcome, others) in leaf.done:
            compared = {"never-worse": worse(plain, outcome)} if "never-worse" in self._piece.claims else {}
            by_switch = came.setdefault(tuple(sorted((others | compared).items())), {})
            for switch in numbers(kernels[SWITCH]):
                by_switch[switch] = by_switch.get(switch, 0) | kernels[STRIPS]
        return tuple(sorted(_came(came), key=lambda one: (int(one.strips, 16), int(one.switch, 16))))


def _came(came: dict[tuple[tuple[str, str], ...], dict[int, int]]) -> Iterator[Came]:
    """Yield what came of which kernels, in as few sets of them as there are different answers."""
    for broken, by_switch in came.items():
        of_strips: dict[int, int] = {}
        for switch, strips in by_switch.items():
            of_strips[strips] = of_strips.get(strips, 0) | 1 << switch
        for strips, switches in of_strips.items():
            yield Came(f"{strips:x}", f"{switches:x}", dict(broken))


def joined(found: Iterable[tuple[Box, tuple[Came, ...]]]) -> list[tuple[Box, tuple[Came, ...]]]:
    """Join sets of hosts that the same came of and that differ in one variable alone, twice over."""
    rows = list(found)
    for name in [*rows[0][0]] * 2:
        alike: dict[object, tuple[Box, tuple[Came, ...]]] = {}
        for box, came in rows:
            others = msgspec.json.encode(came), tuple(values for each, values in box.items() if each != name)
            if others in alike:
                alike[others][0][name] |= box[name]
            else:
                alike[others] = dict(box), came
        rows = list(alike.values())
    return rows
