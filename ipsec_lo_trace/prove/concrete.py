"""A decided case: one host under one kernel, run the ordinary way, and the command that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from msgspec import structs

from ipsec_lo_trace.fixes.fix import PATCHED, UNPATCHED, all_fixes
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.model.build import PLAIN, Build, turn
from ipsec_lo_trace.model.setup import Reflector
from ipsec_lo_trace.prove.claims import Seen, judged, reply_of, unlike, unlike_tags, watch, worse
from ipsec_lo_trace.prove.scope import PING, View, kernels_of, program_of
from ipsec_lo_trace.prove.shapes import LOCAL, SHAPES, Host, Shape
from ipsec_lo_trace.userland.probe_kind import known_probe

SHORT = {UNPATCHED: "--unpatched", PATCHED: "--patched"}
PLAIN_NUMBERS = (0, 0)
"""The numbers of the kernel that every view begins with: nothing stripped, nothing turned."""


def command_of(program: str, shape: Shape, host: Host, build: Build, reflector: Reflector = "kernel") -> str:
    """Return the shell command that runs a program under a kernel, the configuration on standard input.

    A kernel that a known fix makes is called by the fix's name; of another each switch is turned.
    """
    words = ["ipsec-lo-trace", "ping" if program == PING else f"probe {program}", "-f -"]
    words += [f"--local {address}" for address in sorted(LOCAL) if not address.is_loopback]
    src, dst = shape.ends(host)
    words += [f"-I {src}"] if src is not None else []
    words += [str(dst), *_kernel(program, build)]
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
        """Take the case."""
        self._program = program
        self._shape = SHAPES[view.shape]
        self._kernels = kernels_of(view, program)
        self._host = host

    def seen(self, strips: int, switch: int, reflector: Reflector = "kernel") -> Seen:
        """Run it under the kernel with these numbers."""
        db, referee, src, dst = self._shape.decided(self._host)
        kernel = netbsd_2003_08.boot(db, self._kernels.build(strips, switch), local=LOCAL)
        kernel.reflector = reflector
        return watch(kernel, program_of(self._program, src, dst), referee)

    @cached_property
    def _plain(self) -> str:
        """The outcome without a fix."""
        return self.seen(*PLAIN_NUMBERS).outcome

    def broken(self, strips: int, switch: int, claims: Sequence[str]) -> dict[str, str]:
        """Tell of each claim how the kernel with these numbers breaks it, "" where it holds."""
        seen = self.seen(strips, switch)
        found: dict[str, str] = {}
        if {"daemon", "daemon-tags"} & {*claims}:
            ours, processes = reply_of(seen.steps), reply_of(self.seen(strips, switch, "userspace").steps)
            found = {"daemon": unlike(ours, processes), "daemon-tags": unlike_tags(ours, processes)}
        if "never-worse" in claims:
            found["never-worse"] = worse(self._plain, seen.outcome)
        found |= judged(seen)
        return {name: found[name] for name in claims}


def broken_of(
    program: str, view: View, host: Host, strips: int, switch: int, claims: Sequence[str]
) -> dict[str, str]:
    """Run a decided case, with a process that answers where a claim is about one, and judge each claim."""
    return Decided(program, view, host).broken(strips, switch, claims)
