"""Are the hosts that are listed what their texts say?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.cases.case import all_cases
from ipsec_lo_trace.model.records import policy_records, sa_records
from ipsec_lo_trace.prove.examples import all_examples
from ipsec_lo_trace.prove.path import numbers
from ipsec_lo_trace.prove.shapes import EXAMPLE, LOCAL, SHAPES
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.userland.probe_kind import all_probes

LISTED = SHAPES["examples"]
EACH = dict(enumerate(all_examples()))


def test_cases_and_what_probes_bring_are_examples() -> None:
    """Every case is one, and every configuration that a probe brings along, each text once."""
    texts = [each.text for each in EACH.values()]
    assert len(set(texts)) == len(texts)
    assert {case.text for case in all_cases()} < {*texts}
    assert {probe.config for probe in all_probes() if probe.config} < {*texts}


def test_each_has_a_name_of_its_own() -> None:
    """No two are called the same, and the certificate calls them so."""
    names = [each.name for each in EACH.values()]
    assert len(set(names)) == len(names)
    assert LISTED.texts == {EXAMPLE: names}


@pytest.mark.parametrize("at", EACH, ids=lambda at: EACH[at].name)
def test_a_text_is_its_host(at: int) -> None:
    """What is run and shown of an example has the SAs and policies of its text, and ends of this host."""
    each, host = EACH[at], {EXAMPLE: at}
    theirs, shown = load(each.text, each.name, strict=True).db, load(LISTED.config(host), "shown").db
    opened = LISTED.decided(host)
    for db in (shown, opened.db):
        assert sa_records(db) == sa_records(theirs)
        assert policy_records(db) == policy_records(theirs)
    assert {each.src, each.dst} <= LOCAL
    assert (opened.src or opened.dst, opened.dst) == (each.src, each.dst)


def test_the_shortest_is_the_simplest() -> None:
    """Of a set of examples the one of fewest lines stands for all."""
    every = LISTED.hosts
    shortest = LISTED.simplest(every)
    lines = [LISTED.config({EXAMPLE: at}).count("\n") for at in numbers(every[EXAMPLE])]
    assert lines[shortest[EXAMPLE]] == min(lines)
