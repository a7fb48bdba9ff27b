"""A sweep's report: the laws, the results of each fix, and which laws were broken where."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ipsec_lo_trace.model.codes import OUTCOMES
from ipsec_lo_trace.model.pieces import WHOLE, Shard

SCHEMA = "ipsec-lo-trace-sweep/1"
CASES = 200
"""How many cases a sweep has unless it is said."""
MAX_CASES = 100_000_000

LAWS = {
    "clean-with-clear-accepted": "a clean run accepts nothing that lacks what the inbound policy insists on",
    "clean-with-clear-text": "a clean run sends nothing in clear that an outbound policy protects",
    "clean-with-errno": "in a clean run every system call succeeded",
    "clean-without-answer": "in a clean run every request was answered",
    "exception": "no run ends in a Python exception, since what a kernel does to a packet is data",
    "packet-loop": "no packet goes round in a loop",
    "stale-after-lo0": "where lo0 takes both tags and flags away, no stale mark settles anything",
    "stale-tag-after-strip": "where a reply's tags are stripped, no stale tag settles anything about it",
    "worse-than-none": "no fix has a more serious result than no fix at all",
}
"""What a sweep holds every run to, each law in words that hold as long as it does."""

TRUTHS = {
    "any-out-done": (
        "any OUT_DONE counts there: a policy that covers the packet as the first SA left it is skipped, which"
        " the kernel of 2003 applies, or loses the packet for, or goes round in a loop for"
    ),
    "bundle-loop": (
        "loop detection looks at the SA of a bundle's first request alone; where level use lets that go"
        " without, nothing ever matches, and the next request's SA is applied until the packet is too long"
    ),
    "goes-further": (
        "level use without an SA is no error, IPComp is switched on, and AH takes IP options rightly: so"
        " the packet arrives, with less than its inbound policy insists on, and is accepted as the kernel"
        " of 2003 accepts such packets"
    ),
    "no-ipsec-on-lo": (
        "lo has no IPsec there: whatever the policies say, everything crosses in clear and is accepted"
    ),
    "policy-by-address": (
        "no IN_DONE tag leads past the inbound policy there: it is found by address, and refuses what the tag"
        " had let in"
    ),
    "tag-spared-an-error": (
        "without the stale tag the reply's policy is applied, as it should be; its level is use, there is no"
        " SA, and this code cannot go on without one"
    ),
}
"""What is so in a kernel, and breaks a law of the sweep's."""


class Broken(msgspec.Struct, tag="broken", tag_field="kind", kw_only=True):
    """A law that some cases break in the same way.

    ``known`` names the kernel behaviour that breaks it (TRUTHS); "" if none is known: then the fault is ours.
    ``fixes`` counts the cases by fix, in the sweep's order of fixes.  The rest is about the first that was
    found: its number, the ``fix``, the ``code`` (the verdict's, or the exception's class), in words what
    happened, its setkey(8) text, and the commands that run it.  The last three are of the case after it was
    shrunk as far as it breaks the law in this way under this fix.
    """

    law: str
    known: str
    fixes: dict[str, int]
    first: int
    fix: str
    code: str
    text: str
    config: str
    commands: list[str]

    @property
    def way(self) -> str:
        """What tells it from the same law broken in another way."""
        return self.known or self.code

    def add(self, fix: str, cases: int, fixes: Sequence[str]) -> None:
        """Count so many cases more under a fix; ``fixes`` are all, in their order."""
        self.fixes[fix] = self.fixes.get(fix, 0) + cases
        self.fixes = {name: self.fixes[name] for name in fixes if name in self.fixes}


class Sweep(msgspec.Struct, tag="sweep", tag_field="kind", kw_only=True):
    """The report, and all that a sweep must know to go on: cases 1 to ``done`` were run.

    ``programs`` are what cases may run; ``outcomes`` counts the runs by fix.  A run that ended in an
    exception has no outcome.  ``broken`` is in the order in which it was found.
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

    def fault(self) -> str:
        """Say what no sweep has, for one that somebody else wrote; "" if there is nothing of the kind."""
        if self.done < 0:
            return f"{self.done} cases are done"
        if set(self.outcomes) != set(self.fixes):
            return "its outcomes are not those of its fixes"
        for fix, counts in self.outcomes.items():
            if set(counts) != set(OUTCOMES) or min(counts.values()) < 0 or sum(counts.values()) > self.done:
                return f"the outcomes under {fix} do not count {self.done} cases"
        for broken in self.broken:
            if (
                broken.law not in LAWS
                or broken.known not in ("", *TRUTHS)
                or not set(broken.fixes) <= set(self.fixes)
            ):
                return f"it breaks a law that there is not, or under a fix that there is not: {broken.law}"
            if not all(1 <= number <= self.done for number in (broken.first, *broken.fixes.values())):
                return f"{self.done} cases do not break a law as it says: {broken.law}"
        return ""

    @property
    def share(self) -> Shard:
        """The share of the cases that is its."""
        return WHOLE

    @property
    def ours(self) -> list[Broken]:
        """The laws that are broken, and no known kernel behaviour explains it."""
        return [broken for broken in self.broken if not broken.known]

    @property
    def known(self) -> list[Broken]:
        """The laws that known kernel behaviour breaks."""
        return [broken for broken in self.broken if broken.known]


class SweepPart(Sweep, tag="part", tag_field="kind", kw_only=True):
    """What one of ``shards`` processes found in its share of the cases; ``shard`` counts from 1.

    Of the cases 1 to ``done`` those of the share were run.  The rest is as in a sweep.
    """

    shard: int
    shards: int

    @property
    def share(self) -> Shard:
        """The share of the cases that is its."""
        return Shard(self.shard, self.shards)
