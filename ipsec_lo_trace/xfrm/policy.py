"""An entry of ``ip xfrm policy`` as a policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UNKNOWN, HostPolicy
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.lines import TORN, Entry, Words
from ipsec_lo_trace.xfrm.selector import Selector, selector
from ipsec_lo_trace.xfrm.template import rule
from ipsec_lo_trace.xfrm.values import needed, number, pairs
from ipsec_lo_trace.xfrm.words import COUNTS, UNREAD, UNSEEN

Fields = dict[str, Any]
LOOPBACKS = ("lo", "lo0")
DIRECTIONS = ("in", "out")
_SOCKETS = {"3": "in", "4": "out", "5": "fwd"}
"""The directions of sockets' own policies, from an iproute2 that has no word for them."""
_OF_A_SOCKET = "a socket"
_KINDS = {"allow": "none", "block": "discard"}
_SHOWN = ("dir", "socket", "action", "index", "priority", "ptype", "share")
_FLAG = re.compile(r"localok|icmp|\(0x[0-9a-f]+\)|[0-9a-f]{1,2}")
_FIRST = -1
"""The rank of a policy of type sub, asked before all others.  Source: xfrm_policy.c, xfrm_policy_lookup."""
_OF_SOCKETS = -2
"""That of a socket's own, asked before those.  Source: xfrm_policy.c, xfrm_lookup_with_ifid."""


class Ranked(NamedTuple):
    """A policy with its rank, of which the lowest goes first."""

    rank: int
    policy: HostPolicy


class _Read(msgspec.Struct):
    """What the lines say: the one with the direction, templates with their own lines, what is not seen."""

    at: Token
    shown: dict[str, Token] = msgspec.field(default_factory=dict)
    of_a_socket: bool = False
    templates: list[Entry] = msgspec.field(default_factory=list)
    unseen: dict[str, Token] = msgspec.field(default_factory=dict)
    faults: list[UserError] = msgspec.field(default_factory=list)


def ranked(entry: Entry, notes: list[str]) -> list[Ranked]:
    """Make the policy of an entry; none if it is left out, which ``notes`` then say.

    If something of it cannot be read, its kind is ``UNKNOWN``; if that is its direction, there are two.
    """
    read = _sorted(entry)
    chosen = _chosen(entry)
    elsewhere = _elsewhere(read, chosen)
    if elsewhere:
        notes.append(f"{read.at.fault(elsewhere)}: left out")
        return []
    faults = chosen.faults + read.faults
    fields: Fields = {"ways": DIRECTIONS, "rank": 0, "kind": UNKNOWN, "rules": ()}
    for step in (_ways, _rank, _type, _rules):
        fields |= _tried(step, read, faults)
    if faults:
        notes.append(f"{faults[0]}: what this policy asks for is not known")
        fields |= {"kind": UNKNOWN, "rules": ()}
    ways, rank = fields.pop("ways"), fields.pop("rank")
    condition = _condition(read.unseen | chosen.conditions, notes)
    for name in ("src", "dst", "src_port", "dst_port", "upper"):
        fields[name] = getattr(chosen, name)
    return [Ranked(rank, HostPolicy(direction=way, condition=condition, **fields)) for way in ways]


def _chosen(entry: Entry) -> Selector:
    """Read the first line; without one, any packet may be meant."""
    if entry.head:
        return selector(entry.head, entry.at)
    return Selector(faults=[entry.at.fault("a policy whose first line is not there")])


def _tried(step: Callable[[_Read], Fields], read: _Read, faults: list[UserError]) -> Fields:
    try:
        return step(read)
    except UserError as error:
        faults.append(error)
        return {}


def _sorted(entry: Entry) -> _Read:
    """Sort the lines; only those of templates have an order that says something."""
    read = _Read(entry.at)
    read.faults += [words[0].fault("something is missing here") for words in entry.gaps]
    directed: list[Words] = []
    for words in entry.lines:
        at = words[0]
        if at.text in ("dir", "socket"):
            directed.append(words)
        elif at.text == "tmpl":
            read.templates.append(Entry(words, []))
        elif read.templates and at.text in ("proto", "level"):
            read.templates[-1].lines.append(words)
        elif at.text in UNSEEN:
            read.unseen[f"{'an' if at.text == 'if_id' else 'a'} {UNSEEN[at.text]}"] = at
        elif at.text not in UNREAD and not COUNTS.fullmatch(at.text):
            read.faults.append(at.fault(f"{at} is not known in a policy"))
    for words in directed:
        read.shown, fault = pairs(_before_flags(words, read.faults), _SHOWN)
        read.faults += [fault] if fault else []
        _take_socket(read)
    if entry.is_torn:
        # Whose direction it is that stands here is not to be trusted.
        read.faults.append(entry.at.fault(TORN))
        read.shown.clear()
    return read


def _take_socket(read: _Read) -> None:
    """Give a socket's own policy the direction of any other."""
    way = read.shown.get("dir")
    if "socket" in read.shown:
        way = read.shown["socket"]
    elif way and way.text in _SOCKETS:
        way = msgspec.structs.replace(way, text=_SOCKETS[way.text])
    else:
        return
    read.of_a_socket = True
    read.shown["dir"] = way
    read.unseen[_OF_A_SOCKET] = way


def _before_flags(words: Words, faults: list[UserError]) -> Words:
    """Return the words of the line with the direction up to the flags, none of which changes anything."""
    texts = [word.text for word in words]
    end = texts.index("flag") if "flag" in texts else len(texts)
    unknown = [word for word in words[end + 1 :] if not _FLAG.fullmatch(word.text)]
    faults += [word.fault(f"{word} is not a flag that is known") for word in unknown]
    return words[:end]


def _elsewhere(read: _Read, chosen: Selector) -> str:
    """Say why a policy has no say on lo, "" if it has.

    A socket's own that asks for nothing is one of a key daemon, for its own packets.
    """
    passes = "action" not in read.shown or read.shown["action"].text == "allow"
    if read.of_a_socket and passes and not (read.templates or read.faults or chosen.faults):
        return "a socket's own policy"
    if "dir" in read.shown and read.shown["dir"].text == "fwd":
        return "a policy for forwarding"
    if chosen.dev and chosen.dev.text not in LOOPBACKS and not chosen.faults:
        return f"a policy for {chosen.dev}"
    return ""


def _ways(read: _Read) -> Fields:
    way = needed(read.shown, "dir", read.at)
    if way.text not in DIRECTIONS:
        raise way.fault(f"{way} where in, out or fwd should be")
    return {"ways": (way.text,)}


def _rank(read: _Read) -> Fields:
    if read.of_a_socket:
        return {"rank": _OF_SOCKETS}
    if "ptype" in read.shown and read.shown["ptype"].text == "sub":
        return {"rank": _FIRST}
    priority = read.shown.get("priority")
    return {"rank": number(priority, "a priority") if priority else 0}


def _type(read: _Read) -> Fields:
    ptype = read.shown.get("ptype")
    if ptype and ptype.text != "main":
        raise ptype.fault(f"a policy of type {ptype}, which goes with another one")
    return {}


def _rules(read: _Read) -> Fields:
    """Read what is done to a packet."""
    rules = tuple(map(rule, read.templates))
    action = read.shown.get("action")
    if action and action.text not in _KINDS:
        raise action.fault(f"{action} where allow or block should be")
    kind = _KINDS[action.text] if action else "none"
    if kind == "none" and rules:
        return {"kind": "ipsec", "rules": rules}
    return {"kind": kind}


def _condition(unseen: dict[str, Token], notes: list[str]) -> str:
    """Put into words on what a policy hangs that is not looked at, "" for nothing, and note it."""
    condition = " and ".join(sorted(unseen))
    if condition:
        reason = f"a policy that hangs on {condition}, which is not looked at: it may be asked or passed over"
        notes.append(str(min(unseen.values(), key=lambda word: (word.line, word.column)).fault(reason)))
    return condition
