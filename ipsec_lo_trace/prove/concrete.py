"""A decided case: one host under one kernel, run the ordinary way, and the command that shows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from msgspec import structs

from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.fixes.fix import PATCHED, UNPATCHED, all_fixes
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.model.build import PLAIN, Build, turn
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.operands import PolicyRecord
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.model.setup import Reflector
from ipsec_lo_trace.model.trace import SaRecord
from ipsec_lo_trace.prove.claims import Seen, clear, stale, unlike, unlike_tags, watch, worse
from ipsec_lo_trace.prove.scope import LOCAL, PING, SHAPES, Shape, View, kernels_of, program_of
from ipsec_lo_trace.prove.slots import SA_VALUES, associations
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.setkey.write import write
from ipsec_lo_trace.userland.probe_kind import known_probe

Host = Mapping[str, int]
"""A decided host: of each of the shape's variables the number of its value."""
NOTHING_THERE = "spdflush ;\n"
THERE = SA_VALUES.index("there")
SHORT = {UNPATCHED: "--unpatched", PATCHED: "--patched"}
PLAIN_NUMBERS = (0, 0)
"""The numbers of the kernel that every view begins with: nothing stripped, nothing turned."""


class _Record(NamedTuple):
    """What a referee reads of a run record."""

    sas: list[SaRecord]
    policies: list[PolicyRecord]


def config_of(shape: Shape, host: Host) -> str:
    """Return the setkey(8) text of a decided host, SAs first; for an empty one what leaves nothing there."""
    return "".join(write(db) for db in _parts(shape, host)) or NOTHING_THERE


def _parts(shape: Shape, host: Host) -> Iterator[Databases]:
    """Yield each thing that is there in databases of its own, so that the text has the shape's order."""
    for name, sav in associations(shape.pairs).items():
        if host[name] == THERE:
            db = Databases()
            db.hang(db.new_head(sav.index), sav)
            yield db
    for slot in shape.slots:
        policy = slot.policies[host[slot.name]]
        if policy is not None:
            db = Databases()
            db.add_policy(policy)
            yield db


def command_of(program: str, shape: Shape, build: Build, reflector: Reflector = "kernel") -> str:
    """Return the shell command that runs a program under a kernel, the configuration on standard input.

    A kernel that a known fix makes is called by the fix's name; of another each switch is turned.
    """
    words = ["ipsec-lo-trace", "ping" if program == PING else f"probe {program}", "-f -"]
    words += [f"--local {address}" for address in sorted(LOCAL) if not address.is_loopback]
    words += [f"-I {shape.src}"] if shape.src is not None else []
    words += [str(shape.dst), *_kernel(program, build)]
    words += [f"--reflector {reflector}"] if reflector != "kernel" else []
    return " ".join(words)


def _kernel(program: str, build: Build) -> list[str]:
    needed = {} if program == PING else known_probe(program).knobs
    fix = next((fix.name for fix in all_fixes() if turn(fix.build, needed) == build), None)
    if fix is not None:
        return [SHORT.get(fix, f"--fix {fix}")]
    plain = structs.asdict(turn(PLAIN, needed))
    return [f"--set {name}={value}" for name, value in structs.asdict(build).items() if value != plain[name]]


class Decided:
    """A program over a decided host, whose databases are read afresh for every run."""

    def __init__(self, program: str, view: View, host: Host) -> None:
        """Write the configuration down."""
        self._program = program
        self._shape = SHAPES[view.shape]
        self._kernels = kernels_of(view, program)
        self._text = config_of(self._shape, host)

    def seen(self, strips: int, switch: int, reflector: Reflector = "kernel") -> Seen:
        """Run it under the kernel with these numbers."""
        db = load(self._text, "decided", strict=True).db
        kernel = netbsd_2003_08.boot(db, self._kernels.build(strips, switch), local=LOCAL)
        kernel.reflector = reflector
        referee = Referee(_Record(sa_records(db), policy_records(db)))
        return watch(kernel, program_of(self._program, self._shape), referee)

    @cached_property
    def _plain(self) -> str:
        """The outcome without a fix."""
        return self.seen(*PLAIN_NUMBERS).outcome

    def broken(self, strips: int, switch: int, claims: Sequence[str]) -> dict[str, str]:
        """Tell of each claim how the kernel with these numbers breaks it, "" where it holds."""
        seen = self.seen(strips, switch)
        found: dict[str, str] = {}
        if {"daemon", "daemon-tags"} & {*claims}:
            processes = self.seen(strips, switch, "userspace")
            found = {"daemon": unlike(seen, processes), "daemon-tags": unlike_tags(seen, processes)}
        if "never-worse" in claims:
            found["never-worse"] = worse(self._plain, seen.outcome)
        found |= {"no-clear": clear(seen), "no-stale": stale(seen.steps)}
        return {name: found[name] for name in claims}


def broken_of(
    program: str, view: View, host: Host, strips: int, switch: int, claims: Sequence[str]
) -> dict[str, str]:
    """Run a decided case, with a process that answers where a claim is about one, and judge each claim."""
    return Decided(program, view, host).broken(strips, switch, claims)
