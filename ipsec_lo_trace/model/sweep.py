"""A sweep's report: the laws, how often each fix came to what, and which laws were broken where."""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.codes import OUTCOMES

SCHEMA = "ipsec-lo-trace-sweep/1"

LAWS = {
    "clean-with-clear-text": "a clean run sends nothing in clear that an outbound policy protects",
    "clean-without-answer": "in a clean run every request was answered",
    "exception": "no run ends in a Python exception; what a kernel does to a packet is data",
    "loop": "no packet goes round in a loop",
    "stale-after-lo0": "where lo0 takes tags and flags away, no stale mark settles anything",
    "stale-tag-after-strip": "where a reply is stripped of its tags, no stale tag settles anything about it",
    "worse-than-none": "no fix comes to something more serious than no fix does",
}
"""What a sweep holds every run to, each law in words that hold if it does."""


class Broken(msgspec.Struct, kw_only=True):
    """A law that some cases break under a fix, all with the same code.

    ``code`` is the run's verdict code, or the exception's class.  ``known`` is the kernel truth that breaks it, ""
    if there is none: then the fault is ours.  ``cases`` counts them, ``first`` is the number of the first, and
    ``text`` says what happened there.  ``config`` is the first's setkey(8) text and ``commands`` run it, both
    shrunk as far as the same law is broken under the same fix with the same code.
    """

    law: str
    fix: str
    code: str
    known: str
    cases: int
    first: int
    text: str
    config: str
    commands: list[str]

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells one from another."""
        return self.law, self.fix, self.code


class Sweep(msgspec.Struct, kw_only=True):
    """The report, and all that a sweep must know to go on: cases 1 to ``done`` were run.

    ``programs`` are what cases may run; ``outcomes`` counts them by fix.  A run that ended in an exception has
    no outcome.  ``broken`` is in the order in which it was found.
    """

    schema: str = SCHEMA
    tool: str
    seed: int
    done: int
    fixes: list[str]
    programs: list[str]
    outcomes: dict[str, dict[str, int]]
    broken: list[Broken]

    @classmethod
    def begun(cls, *, tool: str, seed: int, fixes: list[str], programs: list[str]) -> Sweep:
        """Begin with no case done."""
        outcomes = {fix: dict.fromkeys(OUTCOMES, 0) for fix in fixes}
        return cls(tool=tool, seed=seed, done=0, fixes=fixes, programs=programs, outcomes=outcomes, broken=[])

    @property
    def ours(self) -> list[Broken]:
        """The laws that are broken without a kernel truth behind it."""
        return [broken for broken in self.broken if not broken.known]

    @property
    def known(self) -> list[Broken]:
        """The laws that a kernel truth breaks."""
        return [broken for broken in self.broken if broken.known]
