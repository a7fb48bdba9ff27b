"""The kernel's objects as records, for the head of a trace and for its checks; keys stay out.

A kernel asks the same of every packet, so what is made of configuration is made once and kept.
"""

from __future__ import annotations

from functools import lru_cache

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.operands import Borne, PolicyRecord, SaId
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.model.sa import SecurityAssociation, TdbIdent
from ipsec_lo_trace.model.trace import Mark, SaRecord


def sa_records(db: Databases) -> list[SaRecord]:
    """Describe every SA, in the order in which they were added."""
    savs = sorted((sav for head in db.sahtree for sav in head.savs), key=lambda sav: sav.added)
    return [_sa_record(sav) for sav in savs]


def _sa_record(sav: SecurityAssociation) -> SaRecord:
    index = sav.index
    return SaRecord(
        proto=PROTO_NAMES[index.proto],
        spi=sav.spi,
        src=str(index.src),
        dst=str(index.dst),
        mode=index.mode.name.lower(),
        reqid=index.reqid,
        cipher=sav.cipher,
        auth=sav.auth,
        replay_window_bytes=sav.replay.window_bytes if sav.replay else 0,
    )


def policy_records(db: Databases) -> list[PolicyRecord]:
    """Describe every policy: inbound ones first, each direction in the order of the SPD."""
    return [sp.record() for policies in db.sptree.values() for sp in policies]


@lru_cache(maxsize=1024)
def sa_id(tdbi: TdbIdent) -> SaId:
    """Describe the identity of an SA."""
    return SaId(PROTO_NAMES[tdbi.proto], tdbi.spi, tdbi.dst)


def borne(mark: Mark) -> Borne:
    """Describe a mark as an operand: what it says, without the row that made it."""
    return _borne(mark.name, mark.made_for, mark.proto, mark.spi, mark.dst)


@lru_cache(maxsize=1024)
def _borne(name: str, made_for: str, proto: int | None, spi: int | None, dst: str | None) -> Borne:
    return Borne(name, made_for, None if proto is None else PROTO_NAMES[proto], spi, dst)
