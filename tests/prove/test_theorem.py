"""Is what the page on the user-space reflector calls a theorem what the proof comes to?"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest

from ipsec_lo_trace.model.proof import HOLDS, Class
from ipsec_lo_trace.prove.path import size
from ipsec_lo_trace.prove.proof import begun
from ipsec_lo_trace.prove.result import results
from ipsec_lo_trace.prove.scope import PING, View, kernels_of, views_of
from tests.prove.support import classes_of

CLAIM = ("daemon",)
pytestmark = pytest.mark.slow
PAGE = Path(__file__).parents[2] / "docs/explanation/the-user-space-reflector.md"
STRIPPING = tuple(view for view in views_of("whole") if view.kernels == "strips")
TAGS_SOMEWHERE = {"icmp_input=tags", "icmp_reflect=tags", "looutput=tags", "if_output=history"}
WITH_FLAGS = {
    "icmp_reflect=all",
    "looutput=all",
    "icmp_input=tags if_output=flags",
    "icmp_reflect=tags if_output=flags",
    "if_output=flags looutput=tags",
}
FLAGS_MATTER = {"two-addresses", "examples"}
"""The shapes of which some host is cured by no strip of the tags alone."""


@pytest.fixture(scope="module")
def classes() -> dict[View, list[Class]]:
    """Prove the claim for ping in every view whose kernels differ in what they strip alone."""
    return {view: classes_of(PING, view, CLAIM) for view in STRIPPING}


def left_by_the_fix_of_2003(view: View, classes: list[Class]) -> Counter[str]:
    """Count the hosts of a view that break the claim where icmp_reflect strips the tags, by kind."""
    fixed = kernels_of(view, PING).number(icmp_reflect="tags")
    left = Counter[str]()
    for each in classes:
        for came in each.came:
            if int(came.strips, 16) >> fixed & 1:
                left[came.broken[CLAIM[0]]] += size({name: int(one, 16) for name, one in each.hosts.items()})
    return +left


def test_the_fix_of_2003_leaves_two_exceptions(classes: dict[View, list[Class]]) -> None:
    """Where icmp_reflect strips the tags, a host differs by a stale flag or the socket's gate, or not at all.

    A stale flag tells only where flags matter, and in so many hosts as the page says.
    """
    left = {view.shape: left_by_the_fix_of_2003(view, found) for view, found in classes.items()}
    assert {shape for shape, kinds in left.items() if "stale-flag" in kinds} == FLAGS_MATTER
    assert all(set(kinds) <= {HOLDS, "socket-gate", "stale-flag"} for kinds in left.values())
    two = left["two-addresses"]
    assert f"{two['stale-flag']:,} and {two['socket-gate']:,}" in PAGE.read_text(encoding="utf-8")
    assert (left["examples"]["stale-flag"], left["examples"]["socket-gate"]) == (2, 2)


def test_the_least_cures(classes: dict[View, list[Class]]) -> None:
    """Where flags do not matter, one strip of the tags cures; else one that has the flags too, or a second.

    What the gate refuses is cured by none.
    """
    proof = begun(CLAIM, programs=[PING], scope="whole")
    proof.lines = [msgspec.json.encode(each) for found in classes.values() for each in found]
    [result] = results(proof)
    for view, cure in zip(STRIPPING, result.cures, strict=True):
        assert set(cure.least) == (WITH_FLAGS if view.shape in FLAGS_MATTER else TAGS_SOMEWHERE)
        assert cure.incurable == left_by_the_fix_of_2003(view, classes[view])["socket-gate"]
