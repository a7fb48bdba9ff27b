"""What the setkey tests need: errors taken apart, databases made comparable."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.policy import Policy, Request
from ipsec_lo_trace.model.sa import IPSEC_MANUAL_REQID_MAX, SecurityAssociation
from ipsec_lo_trace.setkey.load import load

DATA = Path(__file__).parents[1] / "data" / "setkey"
DES_KEY = '-E des-cbc "01234567"'
ADD = "add 127.0.0.1 127.0.0.1 esp 0x1000"
SPDADD = "spdadd 127.0.0.1/32 127.0.0.1/32 any"


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


def plain(db: Databases, *, numbered: bool = True) -> Any:  # noqa: ANN401 -- nested tuples, to compare
    """Make databases comparable; without ``numbered`` the kernel's own reqids count as one."""
    heads = [(head.index, [_plain_sa(sav) for sav in head.savs]) for head in db.sahtree]
    spd = [
        (
            policy.direction,
            policy.selector,
            policy.kind,
            [_plain_request(isr, numbered=numbered) for isr in policy.requests],
        )
        for policies in db.sptree.values()
        for policy in policies
    ]
    return heads, spd


def _plain_sa(sav: SecurityAssociation) -> tuple[object, ...]:
    keys = (sav.cipher, sav.enc_key, sav.auth, sav.auth_key)
    window = sav.replay.window_bytes if sav.replay else None
    return (sav.index, sav.tdbi, *keys, sav.old, sav.padding, sav.cyclic, sav.raw_cpi, window, sav.state)


def _plain_request(isr: Request, *, numbered: bool) -> tuple[object, ...]:
    reqid = isr.reqid if numbered else min(isr.reqid, IPSEC_MANUAL_REQID_MAX + 1)
    return (isr.proto, isr.mode, isr.level, reqid, isr.src, isr.dst)
