"""What setkey(8) prints with -D and -DP, read as a host's configuration."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import HostConfiguration, HostPolicy, HostSa
from ipsec_lo_trace.model.proto import PROTO_NAMES
from ipsec_lo_trace.setkey.dump_lines import Entry, entries, is_dump, says_none
from ipsec_lo_trace.setkey.dump_policy import Ranked, ranked
from ipsec_lo_trace.setkey.dump_sa import NotInForceError, association
from ipsec_lo_trace.setkey.load import left_out_note, nothing_usable
from ipsec_lo_trace.setkey.tokens import Token

__all__ = ["is_dump", "load_all"]
_HINT = "setkey -D and setkey -DP, run by root, print them"


class _Read(msgspec.Struct):
    """What was read so far; SAs and policies as keys, so that what is printed twice is there once."""

    sas: dict[HostSa, None] = msgspec.field(default_factory=dict)
    policies: dict[HostPolicy, Ranked] = msgspec.field(default_factory=dict)
    notes: list[str] = msgspec.field(default_factory=list)
    left_out: list[UserError] = msgspec.field(default_factory=list)
    policies_left_out: int = 0
    lost_sas: bool = False


def load_all(texts: Iterable[tuple[str, str]]) -> HostConfiguration:
    """Read the outputs of setkey -D and -DP, in any order, each a text with its file's name.

    What was not in force, or cannot be followed, is left out, and the notes say so.  UserError if nothing
    else is there, unless setkey(8) says that there is nothing.
    """
    read = _Read()
    is_told = False
    file = ""
    for text, file in texts:
        is_told = is_told or says_none(text)
        found = [_taken(entry, file, read) for entry in entries(text)]
        # It prints the newest first: LIST_INSERT_HEAD (FreeBSD, NetBSD), list_add (Linux).
        read.sas |= dict.fromkeys(sa for sa in reversed(found) if sa is not None)
    if not read.sas and not read.policies and not is_told:
        if read.left_out:
            raise nothing_usable(read.left_out, file)
        raise UserError("there is no SA and no policy in it", file=file, hint=_HINT)
    in_order = sorted(read.policies.values(), key=lambda one: (one.priority, one.spid))
    return HostConfiguration(
        sas=list(read.sas),
        policies=[one.policy for one in in_order],
        policies_left_out=read.policies_left_out,
        lost_sas=read.lost_sas,
        notes=read.notes,
    )


def _taken(entry: Entry, file: str, read: _Read) -> HostSa | None:
    """Take an entry: a policy is kept, an SA given back; what is left out is noted."""
    try:
        if entry.is_sa:
            return _opened(association(entry, file), entry.at(file), read)
        for one in ranked(entry, file, read.notes):
            read.policies.setdefault(one.policy, one)
    except NotInForceError as idle:
        _leave_out(idle.fault, read)
    except UserError as error:
        _leave_out(error, read)
        read.lost_sas |= entry.is_sa
        read.policies_left_out += not entry.is_sa
    return None


def _opened(sa: HostSa, at: Token, read: _Read) -> HostSa:
    """Note an SA whose packets cannot be opened."""
    if sa.opaque:
        name = f"SA {PROTO_NAMES[sa.proto]} 0x{sa.spi:08x} to {sa.dst}"
        read.notes.append(at.note(f"{name} cannot be opened: {sa.opaque}"))
    return sa


def _leave_out(error: UserError, read: _Read) -> None:
    read.left_out.append(error)
    read.notes.append(left_out_note(error))
