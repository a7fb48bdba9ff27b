"""Texts of the kind that people publish, audited as a user would."""

from __future__ import annotations

import itertools

import pytest

from tests.cli.support import Done, invoke
from tests.xfrm.support import PUBLIC


def audit(*names: str) -> Done:
    """Audit the capture of two ESP packets under these files."""
    files = [option for name in names for option in ("-f", str(PUBLIC / name))]
    return invoke("audit", str(PUBLIC / "esp.pcap"), "-q", *files)


STATE = "04-state.txt"


@pytest.mark.parametrize(
    ("names", "verdict", "notes"),
    [
        ([STATE, "04-policy-empty.txt"], "CLEAN (no-policy)", []),
        (
            [STATE, "05-old-socket-policies.txt"],
            "CLEAN (clean)",
            ["05-old-socket-policies.txt:1:1: a socket's", "05-old-socket-policies.txt:3:1: a socket's"],
        ),
        (["07-shell-prompt.txt"], "CLEAN (clean)", []),
        (["09-one-gcm-sa.txt"], "CLEAN (no-policy)", []),
        (["16-ipip-state.txt"], "CLEAN (no-policy)", ["16-ipip-state.txt:7:8: a state of protocol 4"]),
        ([STATE, "17-open-tunnel-end.txt"], "CLEAN (clean)", []),
    ],
)
def test_published_texts_are_judged(names: list[str], verdict: str, notes: list[str]) -> None:
    """Each gets its verdict in either order of the files, with exit code 0; what was left out is told."""
    for order in itertools.permutations(names):
        done = audit(*order)
        assert (done.code, done.text.split("VERDICT ")[-1].startswith(verdict)) == (0, True)
        assert len(done.err.splitlines()) == len(notes)
        for note in notes:
            assert note in done.err


def test_why_a_policy_is_no_use_is_told() -> None:
    """A policy that hangs on an interface's number: the one note says so, and nothing is called clean."""
    done = audit("08-left-out-only.txt")
    assert "08-left-out-only.txt:5:2: a policy that hangs on an if_id" in done.err
    assert len(done.err.splitlines()) == 1
    assert "CLEAN" not in done.text
