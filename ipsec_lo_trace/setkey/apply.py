"""Apply commands to the two databases, in order."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from ipsec_lo_trace.kernel.net.pfkeyv2 import Extension, PfkeyError
from ipsec_lo_trace.kernel.netipsec import key_pfkey
from ipsec_lo_trace.model.algorithms import CIPHERS
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Address, Network
from ipsec_lo_trace.model.policy import Direction, Policy, Request, Selector
from ipsec_lo_trace.model.proto import IPPROTO_IPCOMP, IPPROTO_TCP
from ipsec_lo_trace.model.sa import CPI_MAX, IPSEC_MANUAL_REQID_MAX, Replay, SaIndex, SecurityAssociation
from ipsec_lo_trace.setkey.commands import (
    Add,
    Command,
    Delete,
    DeleteAll,
    Ends,
    Extensions,
    Flush,
    Rule,
    SpdAdd,
    SpdChange,
    SpdDelete,
    SpdFlush,
    Unread,
)
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.values import unresolved
from ipsec_lo_trace.setkey.words import IPV6_PROTOCOLS, TCP_SA

IPV4_ONLY = "the 2003 port is IPv4 only"
MAX_REPLAY = 0xFF
"""KERNEL: struct sadb_sa has 8 bits for the replay window, and setkey does not look."""
_SAME_CIPHER = {row.name: row.acts_as for row in CIPHERS if row.acts_as}


def apply(db: Databases, command: Command) -> list[str]:
    """Apply one command and give the notes about it.

    UserError, and nothing has changed, where the kernel answers with an errno or the command is about what
    is not modelled.
    """
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
        key_pfkey.key_delete(db, command.sa.proto, *_ends(command.sa.ends), command.sa.spi)
    elif isinstance(command, DeleteAll):
        key_pfkey.key_delete_all(db, command.proto, *_ends(command.ends))
    elif isinstance(command, Flush):
        key_pfkey.key_flush(db, command.proto)
    elif isinstance(command, SpdDelete):
        key_pfkey.key_spddelete(db, *_direction_and_selector(command))
    elif isinstance(command, SpdFlush):
        key_pfkey.key_spdflush(db)
    elif isinstance(command, Unread):
        raise command.fault
    return []


def _ends(ends: Ends) -> tuple[IPv4Address, IPv4Address]:
    """Return source and destination; UserError for IPv6."""
    return _ipv4(ends.src, ends.src_at), _ipv4(ends.dst, ends.dst_at)


def _ipv4(address: Address | None, at: Token) -> IPv4Address:
    if isinstance(address, IPv4Address):
        return address
    raise _no_ipv4(address, at)


def _network(network: Network | None, at: Token) -> IPv4Network:
    if isinstance(network, IPv4Network):
        return network
    raise _no_ipv4(network, at)


def _no_ipv4(given: Address | Network | None, at: Token) -> UserError:
    return unresolved(at) if given is None else at.fault(f"{at} is an IPv6 address, and {IPV4_ONLY}")


def _direction_and_selector(command: SpdChange) -> tuple[Direction, Selector]:
    """Return what names a policy; UserError for what goes with IPv6."""
    traffic = command.traffic
    src, dst = _network(traffic.src, traffic.src_at), _network(traffic.dst, traffic.dst_at)
    if traffic.upper_at.text in IPV6_PROTOCOLS:
        raise traffic.upper_at.fault(f"{traffic.upper_at} goes with IPv6, and {IPV4_ONLY}")
    return command.towards(), Selector(src, dst, traffic.src_port, traffic.dst_port, traffic.upper)


def _add(db: Databases, command: Add) -> list[str]:
    name = command.sa
    src, dst = _ends(name.ends)
    if name.proto is None:
        reason = "EINVAL: an SA must have a protocol"
        raise name.proto_at.fault(reason, "write esp, ah or ipcomp before the SPI")
    if name.proto == IPPROTO_TCP:
        raise name.proto_at.fault(TCP_SA)
    _check_lifetimes(command.extensions)
    asked = SaIndex(name.proto, command.extensions.mode, command.extensions.reqid, src, dst)
    sa = _association(command, asked)
    head = key_pfkey.key_add(db, sa)
    notes = _notes(command, asked)
    if head.index != asked:
        notes.append(f"SA {sa.tdbi} joins the SAs that are there, with their {_mode_and_reqid(head.index)}")
    return [*_replay_note(command.extensions), *map(command.at.note, notes)]


def _replay_note(given: Extensions) -> list[str]:
    sent = given.replay & MAX_REPLAY
    if given.replay_at is None or sent == given.replay:
        return []
    return [given.replay_at.note(f"-r {given.replay} is sent in 8 bits, as -r {sent}")]


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
        padding=_padding(given),
        cyclic=given.cyclic,
        raw_cpi=command.raw_cpi,
        replay=Replay(given.replay & MAX_REPLAY),
    )


def _padding(given: Extensions) -> str:
    """Return the kind of padding; UserError for two at once."""
    *others, last = ["seq", *given.padding]
    if len(others) > 1:
        reason = "with random-pad and zero-pad the 2003 kernel leaves the padding to chance"
        raise given.padding[last].fault(reason, "take one")
    return last


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
    if asked.proto == IPPROTO_IPCOMP and command.sa.spi > CPI_MAX:
        cpi = command.sa.spi & CPI_MAX
        notes.append(f"only CPI 0x{cpi:04x} goes on the wire, and the receiver looks for an SA with that SPI")
    if asked.reqid > IPSEC_MANUAL_REQID_MAX:
        notes.append(f"no rule can name reqid {asked.reqid}: such numbers are the kernel's own")
    return notes


def _mode_and_reqid(index: SaIndex) -> str:
    return f"mode ({index.mode.name.lower()}) and reqid ({index.reqid})"


def _spdadd(db: Databases, command: SpdAdd) -> list[str]:
    spec = command.policy
    direction, selector = _direction_and_selector(command)
    policy = Policy(direction, selector, spec.kind, [_request(rule) for rule in spec.rules])
    newsp = key_pfkey.key_spdadd(db, policy)
    return [
        spec.at.note(f"the kernel numbers a unique rule itself: only an SA with -u {isr.reqid} fits it")
        for isr in newsp.requests
        if isr.reqid > IPSEC_MANUAL_REQID_MAX
    ]


def _request(rule: Rule) -> Request:
    at = rule.ends_at or rule.at
    src = _ipv4(rule.src, at) if rule.src else None
    dst = _ipv4(rule.dst, at) if rule.dst else None
    return Request(rule.proto, rule.mode, rule.level, rule.reqid, src, dst)
