from __future__ import annotations

from itertools import groupby

import pytest

from ipsec_lo_trace.model.proof import CLAIMS
from tests.prove import expected

pytestmark = pytest.mark.slow


def test_the_claims_come_to_what_is_on_file() -> None:
    """Each program's run over each sample gives the lines that expected.txt has of it, and no others."""
    kept = expected.kept()
    assert list(kept) == [(program, str(sample)) for sample, program in expected.samples()]
    for sample, program in expected.samples():
        changed = expected.changed(kept[program, str(sample)], expected.lines(sample, program))
        assert not changed, f"changed: {program} {sample}: {' '.join(changed)}"


def test_every_combination_is_in_the_sums() -> None:
    """Over each program and sample, the counts of every claim have the same sum: none leaves a case out."""
    for about, lines in expected.kept().items():
        sums = {
            claim: sum(int(line.split()[-2]) for line in same)
            for claim, same in groupby(lines, key=lambda line: line.split()[2])
        }
        assert len(set(sums.values())) == 1, about
        assert sums.keys() == set(CLAIMS)
