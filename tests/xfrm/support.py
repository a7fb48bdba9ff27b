"""What the xfrm tests need: the real outputs, errors taken apart, entries of a text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.policy import Policy
from ipsec_lo_trace.model.sa import SecurityAssociation
from ipsec_lo_trace.xfrm.load import load

DATA = Path(__file__).parents[1] / "data" / "xfrm"


def printed(name: str) -> str:
    """Return a real output."""
    return (DATA / f"{name}.txt").read_text(encoding="utf-8")


def entries_of(text: str) -> list[str]:
    """Cut a text into its SAs or policies."""
    return [f"src {entry}" for entry in re.split(r"^src ", text, flags=re.MULTILINE)[1:]]


def refused(text: str) -> UserError:
    """Return the error that a text ends in."""
    with pytest.raises(UserError) as raised:
        load(text, "f")
    return raised.value


def sas(text: str) -> list[SecurityAssociation]:
    """Return a text's SAs, newest head first, newest SA first."""
    return [sav for head in load(text, "f").db.sahtree for sav in head.savs]


def policies(text: str) -> list[Policy]:
    """Return a text's policies, inbound ones first."""
    return [policy for policies in load(text, "f").db.sptree.values() for policy in policies]
