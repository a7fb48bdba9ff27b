"""Are the cases legal, varied, and the same everywhere?"""

from __future__ import annotations

import hashlib
import shlex
from collections import Counter

import pytest

from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.sweep.draw import MAX_SAS, Dice, draw, programs
from ipsec_lo_trace.sweep.drawn import DrawnCase

CASES = [draw(7, number) for number in range(1, 601)]


def test_a_case_depends_on_seed_and_number_alone() -> None:
    """The same seed and number draw the same case; another of either draws another."""
    assert draw(7, 5) == CASES[4]
    assert draw(8, 5) != CASES[4]
    assert len({case.text for case in CASES}) > 500


def test_throws_are_the_same_on_every_python() -> None:
    """A throw is the head of a SHA-256 of seed, case and count, so no version of a library can change it."""
    head = hashlib.sha256(b"7/5/1").digest()[:8]
    assert Dice(7, 5).below(1000) == int.from_bytes(head, "big") % 1000


def test_every_case_is_legal() -> None:
    """Both setkey(8) and the kernel take every configuration."""
    for case in CASES:
        load(case.text, "drawn")


def test_cases_are_varied() -> None:
    """Within 600 cases every program, protocol, mode, level, kind of policy and selector comes up."""
    texts = "".join(case.text for case in CASES)
    assert {case.program for case in CASES} == set(programs())
    words = (
        "ah-old",
        "esp-old",
        "ipcomp",
        "-m tunnel",
        "-u 1",
        "-r 4",
        "discard",
        "none",
        "0.0.0.0/0",
        "[80]",
    )
    levels = ("default", "use", "require", "unique", "unique:1")
    shapes = ("icmp -P", "tcp -P", "udp -P", "any -P", "/tunnel/127.0.0.1-127.0.0.1/", "127.0.0.1 127.0.0.1")
    for word in (*words, *shapes, *(f"/transport//{level}" for level in levels)):
        assert word in texts, word
    counts = Counter(len(case.sas) for case in CASES)
    assert set(counts) == set(range(MAX_SAS + 1))
    assert {len(policy.rules) for case in CASES for policy in case.policies} == {0, 1, 2}
    assert any(not case.policies for case in CASES)
    assert any(case.preload > 1 for case in CASES)


@pytest.mark.parametrize("case", CASES[:40], ids=str)
def test_commands_name_the_case(case: DrawnCase) -> None:
    """A case's command feeds its configuration and names its program, its ends and the fix."""
    fed, _pipe, command = case.command("strict").rpartition(" | ")
    assert shlex.split(fed)[1] == case.text.strip()
    words = shlex.split(command)
    assert words[1] == ("ping" if case.program == "ping" else "probe")
    assert words[-3:] == [str(case.dst), "--fix", "strict"]
