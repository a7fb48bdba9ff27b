"""Does a sweep slow down the more cases it has run?  Run by its path, so that any checkout can be measured.

It runs some cases, many others, and the first ones again, in one process, and writes the CPU seconds of the
first time and of the second into sweep.json.  Cases with bundles are left out: a few of them go round in a
loop and take as long as hundreds of others, and where they come would decide what is measured.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterable
from pathlib import Path

from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.sweep.draw import draw
from ipsec_lo_trace.sweep.drawn import DrawnCase
from ipsec_lo_trace.sweep.examine import examine

SEED = 3
CASES = 300
OTHERS = 10_000


def spent(cases: Iterable[DrawnCase]) -> float:
    """Run cases under every fix; return the CPU seconds."""
    fixes = [fix.name for fix in all_fixes()]
    started = time.process_time()
    for case in cases:
        examine(case, fixes)
    return time.process_time() - started


def main() -> None:
    """Measure and write."""
    drawn = (draw(SEED, number) for number in itertools.count(1))
    fit = (case for case in drawn if all(len(policy.rules) < 2 for policy in case.policies))
    spent(itertools.islice(fit, CASES // 10))
    some = list(itertools.islice(fit, CASES))
    first = spent(some)
    spent(itertools.islice(fit, OTHERS))
    Path("sweep.json").write_text(json.dumps([first, spent(some)]), encoding="ascii")


if __name__ == "__main__":
    main()
