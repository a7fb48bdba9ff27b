"""Apply commands to the two databases, in order."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.kernel.netipsec import key_pfkey
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.policy import Level, Policy
from ipsec_lo_trace.model.sa import IPPROTO_IPCOMP, PROTO_NAMES, Replay, SaIndex, SecurityAssociation
from ipsec_lo_trace.setkey.commands import (
    Add,
    Algorithm,
    Command,
    Delete,
    DeleteAll,
    Flush,
    SpdAdd,
    SpdDelete,
    SpdFlush,
)
from ipsec_lo_trace.setkey.policy import IPCOMP_PANICS

# KERNEL: these are DES and null with a flag that esp_init does not act on.
_SAME_CIPHER = {"des-deriv": "des-cbc", "des-32iv": "des-cbc", "simple": "null"}


def apply(db: Databases, command: Command) -> Iterator[str]:
    """Apply one command and give the notes about it; UserError where the kernel answers with an errno."""
    yield from command.notes
    try:
        yield from _apply(db, command)
    except PfkeyError as error:
        raise command.place(error.extension).fault(str(error), error.hint) from error


def _apply(db: Databases, command: Command) -> Iterator[str]:
    if isinstance(command, Add):
        yield from _add(db, command)
    elif isinstance(command, Delete):
        key_pfkey.key_delete(db, command.sa.proto, command.sa.src, command.sa.dst, command.sa.spi)
    elif isinstance(command, DeleteAll):
        key_pfkey.key_delete_all(db, command.proto, command.src, command.dst)
    elif isinstance(command, Flush):
        key_pfkey.key_flush(db, command.proto)
    elif isinstance(command, SpdAdd):
        yield from _spdadd(db, command)
    elif isinstance(command, SpdDelete):
        key_pfkey.key_spddelete(db, command.policy.direction, command.selector)
    elif isinstance(command, SpdFlush):
        key_pfkey.key_spdflush(db)


def _add(db: Databases, command: Add) -> Iterator[str]:
    proto = command.sa.proto
    if proto is None:
        raise PfkeyError("EINVAL", "an SA must have a protocol", "write esp or ah before the SPI")
    if proto == IPPROTO_IPCOMP or command.comp:
        raise (command.comp or command.at).fault(IPCOMP_PANICS)
    yield from _lifetimes(command)
    yield from _odd_ciphers(command)
    sa = _association(command, proto)
    asked = sa.index
    head = key_pfkey.key_add(db, sa)
    if head.index != asked:
        yield command.at.note(_joined(sa, asked))
    if asked.reqid > key_pfkey.IPSEC_MANUAL_REQID_MAX:
        yield command.at.note(f"no rule can ask for reqid {asked.reqid}: it is of the kernel's own")
