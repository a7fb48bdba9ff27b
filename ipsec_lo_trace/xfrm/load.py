"""Load what a real host was configured with, from whichever kinds of text there are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UNKNOWN, HostConfiguration, HostSa
from ipsec_lo_trace.setkey import dump, host
from ipsec_lo_trace.setkey.load import read_text
from ipsec_lo_trace.xfrm.lines import Entry, Words, printed
from ipsec_lo_trace.xfrm.policy import DIRECTIONS, Ranked, ranked
from ipsec_lo_trace.xfrm.shapes import is_blank, is_xfrm
from ipsec_lo_trace.xfrm.state import LEFT_OUT, Identity, association

Text = tuple[str, str]
"""A text with its file's name."""
_DEFAULTS = {"accept": "none", "allow": "none", "block": "discard"}
_NOTES_SHOWN = 3


class Sources(NamedTuple):
    """Files by kind: setkey(8) commands, what ip xfrm prints, setkey's dumps; and the names of all."""

    commands: list[Text]
    xfrm: list[Text]
    dumps: list[Text]
    names: list[str]


class _Reading(msgspec.Struct):
    """What one text says, in its order."""

    text: str
    sas: list[tuple[Identity, HostSa, Words]] = msgspec.field(default_factory=list)
    policies: list[Ranked] = msgspec.field(default_factory=list)
    defaults: dict[str, str] = msgspec.field(default_factory=dict)
    policies_left_out: int = 0
    lost_sas: bool = False


def load(text: str, file: str) -> HostConfiguration:
    """Read the output of ip xfrm state, of ip xfrm policy or of both; ``file`` is its name for messages.

    UserError if there is nothing in it to hold a capture against; what else is not understood is noted.
    """
    return load_all([(text, file)])


def load_all(texts: Sequence[Text]) -> HostConfiguration:
    """Read several such outputs as one configuration, whose order does not matter."""
    return _usable(_loaded(texts), [file for _text, file in texts])


def read_host(paths: Sequence[str]) -> HostConfiguration:
    """Read one or more files, each of whichever kind it is; ``-`` is standard input.

    UserError if one cannot be read, or they do not go together, or there is nothing in them.
    """
    return read_sources(sources(paths))


def sources(paths: Sequence[str]) -> Sources:
    """Read files and tell them by kind; UserError if one cannot be read, or they do not go together."""
    texts = [read_text(path) for path in paths]
    found = Sources([], [], [], [file for _text, file in texts])
    filled = [(text, file) for text, file in texts if not is_blank(text)]
    for text, file in filled:
        kind = found.xfrm if is_xfrm(text) else found.dumps if dump.is_dump(text) else found.commands
        kind.append((text, file))
    if found.commands and len(filled) > 1:
        reason = "of several files, each must hold what ip xfrm prints, or setkey -D or -DP"
        raise UserError(reason, file=found.commands[0][1], hint="a file of setkey(8) commands stands alone")
    return found


def read_sources(found: Sources) -> HostConfiguration:
    """Read the texts of files that were told by kind."""
    if found.commands:
        return host.load(*found.commands[0])
    configuration = _loaded(found.xfrm)
    if found.dumps:
        _add_dumped(configuration, found.dumps)
    return _usable(configuration, found.names)


def _add_dumped(configuration: HostConfiguration, dumps: Sequence[Text]) -> None:
    """Add what setkey(8) printed on a host that has both; if there is nothing in it, that is but a note."""
    try:
        dumped = dump.load_all(dumps)
    except UserError as error:
        configuration.notes.append(f"{error}: left out")
        configuration.lost_sas = True
        return
    configuration.sas += dumped.sas
    configuration.policies += dumped.policies
    configuration.policies_left_out += dumped.policies_left_out
    configuration.lost_sas |= dumped.lost_sas
    configuration.notes += dumped.notes


def nothing_usable(notes: Sequence[str], names: Sequence[str]) -> UserError:
    """Make the error for files in which there is nothing, or nothing that was not left out."""
    where = ", ".join(names)
    if not notes:
        reason = "there is no SA and no policy in it"
        hint = "a host without any prints nothing, and so does ip xfrm for a user who is not root"
        return UserError(reason, file=where, hint=hint)
    more = f"; and {len(notes) - _NOTES_SHOWN} more" if len(notes) > _NOTES_SHOWN else ""
    return UserError(f"nothing in it can be used: {'; '.join(notes[:_NOTES_SHOWN])}{more}", file=where)


def _usable(configuration: HostConfiguration, names: Sequence[str]) -> HostConfiguration:
    if configuration.sas or configuration.policies or "discard" in configuration.defaults.values():
        return configuration
    raise nothing_usable(configuration.notes, names)


def _loaded(texts: Sequence[Text]) -> HostConfiguration:
    """Read texts; what they say together does not depend on their order.

    Linux prints the newest first, of SAs and policies.  Of policies with the same priority the older one
    goes first.  Source: Linux, net/xfrm/xfrm_state.c, __xfrm_state_insert; xfrm_policy.c, xfrm_policy_insert
    and xfrm_policy_insert_list.
    """
    configuration = HostConfiguration()
    readings = sorted(
        [_read(text, file, configuration.notes) for text, file in texts], key=lambda reading: reading.text
    )
    sas: dict[Identity, HostSa] = {}
    policies: list[Ranked] = []
    for reading in readings:
        for identity, sa, head in reading.sas:
            if sas.setdefault(identity, sa) is not sa:
                fault = head[0].fault(f"SA {identity} stands here for the second time: left out")
                configuration.notes.append(str(fault))
        policies += reading.policies
        configuration.defaults |= reading.defaults
        configuration.policies_left_out += reading.policies_left_out
        configuration.lost_sas |= reading.lost_sas
    configuration.sas = list(reversed(sas.values()))
    policies.reverse()
    configuration.policies = [policy for _rank, policy in sorted(policies, key=lambda one: one.rank)]
    return configuration


def _read(text: str, file: str, notes: list[str]) -> _Reading:
    reading = _Reading(text)
    found = printed(text, file)
    notes += found.notes
    for entry in found.entries:
        if entry.is_policy:
            made = ranked(entry, notes)
            reading.policies += made
            reading.policies_left_out += not made
        else:
            _take_sa(entry, reading, notes)
    for words in found.defaults:
        _default(words, reading.defaults, notes)
    return reading


def _take_sa(entry: Entry, reading: _Reading, notes: list[str]) -> None:
    """Take over the SA of an entry."""
    try:
        made = association(entry, notes)
    except UserError as error:
        reading.lost_sas = True
        notes.append(f"{error}: {LEFT_OUT}")
        return
    if made is not None:
        reading.sas.append((*made, entry.head))


def _default(words: Words, defaults: dict[str, str], notes: list[str]) -> None:
    """Take over a line of ``ip xfrm policy getdefault``, of one direction or of all.

    What goes out by a loopback is excepted from the default.  Source: Linux, net/xfrm/xfrm_policy.c,
    xfrm_lookup_with_ifid, where it has no policy (nopol).
    """
    for word, kind in pairwise(words):
        direction = word.text.rstrip(":")
        if direction not in DIRECTIONS:
            continue
        if kind.text not in _DEFAULTS:
            defaults[direction] = UNKNOWN
            reason = f"{kind} where accept or block should be: this default is not known"
            notes.append(str(kind.fault(reason)))
        elif direction == "out" and _DEFAULTS[kind.text] == "discard":
            defaults[direction] = "none"
            notes.append(str(kind.fault("what goes out by lo is excepted from the default: left out")))
        else:
            defaults[direction] = _DEFAULTS[kind.text]
