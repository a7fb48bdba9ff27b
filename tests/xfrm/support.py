"""What the xfrm tests need: the real outputs, errors taken apart, entries of a text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import HostConfiguration, HostPolicy, HostSa
from ipsec_lo_trace.xfrm.load import load

TESTS = Path(__file__).parents[1]
DATA = TESTS / "data" / "xfrm"
LINUX2 = TESTS / "data" / "linux2"
PUBLIC = TESTS / "data" / "public"
PAIRS = sorted(path.name.removesuffix(".state.txt") for path in LINUX2.glob("*.state.txt"))
"""The hosts of 2026, each with a text of its SAs and one of its policies."""


def printed(name: str) -> str:
    """Return a real output of 2003's algorithms."""
    return (DATA / f"{name}.txt").read_text(encoding="utf-8")


def entries_of(text: str) -> list[str]:
    """Cut a text into its SAs or policies."""
    return [f"src {entry}" for entry in re.split(r"^src ", text, flags=re.MULTILINE)[1:]]


def refused(text: str) -> UserError:
    """Return the error that a text ends in."""
    with pytest.raises(UserError) as raised:
        load(text, "f")
    return raised.value


def only_sa(text: str) -> HostSa:
    """Return the one SA of a text."""
    (sa,) = load(text, "f").sas
    return sa


def only_policy(text: str) -> HostPolicy:
    """Return the one policy of a text."""
    (policy,) = load(text, "f").policies
    return policy


def said(configuration: HostConfiguration) -> tuple[object, ...]:
    """Return all that a configuration says but for its notes, which name files and lines."""
    return configuration.sas, configuration.policies, configuration.defaults
