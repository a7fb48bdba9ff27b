"""Apply commands to the two databases, in order."""

from __future__ import annotations

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.kernel.netipsec import key_pfkey
from ipsec_lo_trace.model.algorithms import CIPHERS
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Policy
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Replay, SaIndex, SecurityAssociation
from ipsec_lo_trace.setkey.commands import (
    Add,
    Command,
    Delete,
    DeleteAll,
    Extensions,
    Flush,
    SpdAdd,
    SpdDelete,
    SpdFlush,
)

_SAME_CIPHER = {row.name: row.acts_as for row in CIPHERS if row.acts_as}


def apply(db: Databases, command: Command) -> list[str]:
    """Apply one command and give the notes about it; UserError where the kernel answers with an errno."""
    try:
        return [*command.notes, *_apply(db, command)]
    except PfkeyError as error:
        raise command.place(error.extension).fault(str(error), error.hint) from error


def _apply(db: Databases, command: Command) -> list[str]:
    if isinstance(command, Add):
        return _add(db, command)
    if isinstance(command, SpdAdd):
        return _spdadd(db, command)
    if isinstance(command, Delete):
        key_pfkey.key_delete(db, command.sa.proto, command.sa.src, command.sa.dst, command.sa.spi)
    elif isinstance(command, DeleteAll):
        key_pfkey.key_delete_all(db, command.proto, command.src, command.dst)
    elif isinstance(command, Flush):
        key_pfkey.key_flush(db, command.proto)
    elif isinstance(command, SpdDelete):
        key_pfkey.key_spddelete(db, command.policy.direction, command.selector)
    elif isinstance(command, SpdFlush):
        key_pfkey.key_spdflush(db)
    return []


def _add(db: Databases, command: Add) -> list[str]:
    name = command.sa
    if name.proto is None:
        reason = "EINVAL: an SA must have a protocol"
        raise name.proto_at.fault(reason, "write esp, ah or ipcomp before the SPI")
    _check_lifetimes(command.extensions)
    asked = SaIndex(name.proto, command.extensions.mode, command.extensions.reqid, name.src, name.dst)
    sa = _association(command, asked)
    head = key_pfkey.key_add(db, sa)
    notes = _notes(command, asked)
    if head.index != asked:
        notes.append(f"SA {sa.tdbi} joins the SAs that are there, with their {_mode_and_reqid(head.index)}")
    return [command.at.note(text) for text in notes]


def _association(command: Add, index: SaIndex) -> SecurityAssociation:
    enc, auth, given = command.enc or command.comp, command.auth, command.extensions
    return SecurityAssociation(
        index,
        command.sa.spi,
        cipher=_SAME_CIPHER.get(enc.name, enc.name) if enc else "",
        enc_key=enc.key if enc else b"",
        auth=auth.name if auth else "",
        auth_key=auth.key if auth else b"",
        old=command.sa.old,
        padding=given.padding,
        cyclic=given.cyclic,
        raw_cpi=command.raw_cpi,
        replay=Replay(given.replay),
    )


def _check_lifetimes(given: Extensions) -> None:
    """Refuse one lifetime without the other; 0 is not sent.

    Source: netipsec/key.c, key_add.
    """
    if (given.hard == 0) != (given.soft == 0):
        reason = "-lh and -ls go together"
        raise PfkeyError("EINVAL", reason, "give both or none", Extension.LIFETIME)


def _notes(command: Add, asked: SaIndex) -> list[str]:
    notes = []
    if command.extensions.hard:
        notes.append("lifetimes have no effect: no time passes in a run")
    if command.enc and command.enc.name in ("des-deriv", "des-32iv"):
        notes.append(f"the 2003 kernel takes {command.enc.name} for des-cbc")
    if asked.proto == IPPROTO_IPCOMP and command.sa.spi > key_pfkey.CPI_MAX:
        cpi = command.sa.spi & key_pfkey.CPI_MAX
        notes.append(f"only CPI 0x{cpi:04x} goes on the wire, and the receiver looks for an SA with that SPI")
    if asked.reqid > key_pfkey.IPSEC_MANUAL_REQID_MAX:
        notes.append(f"no rule can name reqid {asked.reqid}: such numbers are the kernel's own")
    return notes


def _mode_and_reqid(index: SaIndex) -> str:
    return f"mode ({index.mode.name.lower()}) and reqid ({index.reqid})"


def _spdadd(db: Databases, command: SpdAdd) -> list[str]:
    spec = command.policy
    policy = Policy(spec.direction, command.selector, spec.kind, list(spec.requests))
    newsp = key_pfkey.key_spdadd(db, policy)
    return [
        spec.at.note(f"the kernel numbers a unique rule itself: only an SA with -u {isr.reqid} fits it")
        for isr in newsp.requests
        if isr.reqid > key_pfkey.IPSEC_MANUAL_REQID_MAX
    ]
