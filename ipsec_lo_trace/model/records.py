"""The databases as records, for the head of a trace or of an audit; keys stay out."""

from __future__ import annotations

from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Policy
from ipsec_lo_trace.model.sa import PROTO_NAMES, SecurityAssociation
from ipsec_lo_trace.model.trace import PolicyRecord, SaRecord


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
    return [_policy_record(sp) for policies in db.sptree.values() for sp in policies]


def _policy_record(sp: Policy) -> PolicyRecord:
    selector = sp.selector
    return PolicyRecord(
        dir=sp.direction.name.lower(),
        src=str(selector.src),
        dst=str(selector.dst),
        src_port=selector.src_port,
        dst_port=selector.dst_port,
        upper=selector.ul_proto,
        type=sp.kind.name.lower(),
        requests=[str(request) for request in sp.requests],
    )
