"""The parts of a sweep that several processes ran, put together to what one would have found."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from ipsec_lo_trace.model.sweep import Broken, Sweep, SweepPart


def merged(parts: Sequence[SweepPart]) -> Sweep:
    """Put the parts of all shares together; each is of the same sweep, and as far."""
    first = parts[0]
    sweep = Sweep.begun(tool=first.tool, seed=first.seed, fixes=first.fixes, programs=first.programs)
    sweep.done = first.done
    for part in parts:
        for fix, counts in part.outcomes.items():
            for outcome, runs in counts.items():
                sweep.outcomes[fix][outcome] += runs
    # What has the same first case is of one part, which has it in the order in which it was found.
    every = sorted((broken for part in parts for broken in part.broken), key=lambda broken: broken.first)
    kinds: dict[tuple[str, str], Broken] = {}
    for broken in every:
        kind = kinds.setdefault((broken.law, broken.way), msgspec.structs.replace(broken, fixes={}))
        for fix, cases in broken.fixes.items():
            kind.add(fix, cases, sweep.fixes)
    sweep.broken = list(kinds.values())
    return sweep
