"""A policy in what setkey(8) prints with -DP."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import NamedTuple

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UNKNOWN, UPPER_ANY, Address, HostPolicy, HostRule, Network
from ipsec_lo_trace.model.policy import PORT_ANY
from ipsec_lo_trace.setkey.dump_lines import Entry, Line
from ipsec_lo_trace.setkey.policy import MODES, PRIORITIES, RULE_PROTOCOLS
from ipsec_lo_trace.setkey.tokens import Token, shown
from ipsec_lo_trace.setkey.values import LATER_PROTOCOL_NUMBERS, MAX_32_BITS, MAX_PORT, dumped_ends

_RULE = re.compile(
    r"\s*(?P<proto>\w+)/(?P<mode>\w+)/(?:(?P<src>[^/\s\[-]+)(?:\[\w+\])?-(?P<dst>[^/\s\[]+)(?:\[\w+\])?)?"
    r"/(?P<level>default|use|require|unique)(?:[:#](?P<reqid>[0-9]{1,10}))?\s*"
)
_SPID = re.compile(r"\bspid=([0-9]{1,10})\b")
_INTERFACE = re.compile(r"\bscope=ifnet\s+ifname=(\S+)")
_PCB = re.compile(r"\bscope=pcb\b")
_LIKE_A_RULE = re.compile(r"\s*\S+/\S*/\S*")
_DIRECTION = re.compile(r"\s*(in|out|fwd)\b")
_OF_SOCKETS = ("entrust", "bypass")
_BEFORE_ALL = -(1 << 40)
"""The priority of a socket's own policy, which is asked before all others."""
_GRE_KEY_BITS = 16


class Ranked(NamedTuple):
    """A policy with what puts it in its place: the lowest priority is asked first, then the oldest."""

    priority: int
    spid: int
    policy: HostPolicy


class _Chosen(NamedTuple):
    """Which packets a policy is for."""

    src: Network | None = None
    dst: Network | None = None
    src_port: int | None = None
    dst_port: int | None = None
    upper: int = UPPER_ANY


def ranked(entry: Entry, file: str, notes: list[str]) -> list[Ranked]:
    """Make the policy of an entry; UserError for one that has no say on lo.

    If something of it cannot be read, its kind is ``UNKNOWN``, which ``notes`` then say; if that is its
    direction, there are two.
    """
    at = entry.at(file)
    rest = "\n".join(line.text for line in entry.rest)
    ways = _ways(entry, at)
    socket = _of_a_socket(entry, rest)
    faults: list[UserError] = []
    kind, rules = _asked(entry, at, faults)
    if socket and not rules and not faults and kind != "discard":
        raise at.fault("a socket's own policy")
    chosen = _chosen(entry, at, faults)
    if faults:
        notes.append(f"{faults[0]}: what this policy asks for is not known")
        kind, rules = UNKNOWN, ()
    condition = " and ".join(filter(None, ("a socket" if socket else "", _condition(rest))))
    spid = _SPID.search(rest)
    place = _priority(entry, socket=socket), int(spid.group(1)) if spid else entry.line.number
    return [
        Ranked(
            *place, HostPolicy(direction=way, kind=kind, rules=rules, condition=condition, **chosen._asdict())
        )
        for way in ways
    ]


def _ways(entry: Entry, at: Token) -> tuple[str, ...]:
    """Return the directions; UserError for a policy that has no say on lo."""
    other = (entry.head["other"] or "") if entry.head else ""
    if other.startswith("tagged"):
        raise at.fault("a policy for packets with a tag")
    if other.startswith("unknown-af"):
        raise at.fault("a policy of another family")
    way = entry.body["direction"] if entry.body else _direction(entry.rest)
    if way in ("fwd", "any"):
        raise at.fault("a policy for forwarding")
    return (way,) if way else ("in", "out")


def _direction(rest: list[Line]) -> str:
    """Return with which direction the first line below the ends begins, "" for none."""
    found = _DIRECTION.match(rest[0].text) if rest else None
    return found.group(1) if found else ""


def _of_a_socket(entry: Entry, rest: str) -> bool:
    """Tell a socket's own policy, which no setkey(8) but that of a socket's kernel asks for."""
    if _PCB.search(rest) or (entry.head and entry.head["other"]):
        return True
    return entry.body is not None and bool(entry.body["socket"] or entry.body["kind"] in _OF_SOCKETS)


def _chosen(entry: Entry, at: Token, faults: list[UserError]) -> _Chosen:
    """Read which packets it is for: any, as far as that cannot be read."""
    head = entry.head
    if head is None:
        faults.append(at.fault("a policy whose addresses cannot be read"))
    if head is None or head["other"]:
        return _Chosen()
    try:
        ends = dumped_ends(head["src"], head["dst"], at)
        src, dst = _network(ends[0], head["src_bits"], at), _network(ends[1], head["dst_bits"], at)
    except UserError as error:
        faults.append(error)
        return _Chosen()
    try:
        upper = _upper(head["upper"], at)
        ports = _port(head["src_port"], at), _port(head["dst_port"], at)
        ports = _finer(head["finer"], at) if head["finer"] else ports
    except UserError as error:
        faults.append(error)
        return _Chosen(src, dst)
    return _Chosen(src, dst, *ports, upper)


def _condition(rest: str) -> str:
    interface = _INTERFACE.search(rest)
    return f"the interface {shown(interface.group(1))}" if interface else ""


def _priority(entry: Entry, *, socket: bool) -> int:
    """Return the priority; 0 where none is printed.  Source: libipsec/ipsec_dump_policy.c."""
    body = entry.body
    if socket:
        return _BEFORE_ALL
    if body is None or not body["base"]:
        return 0
    offset = min(int((body["offset"] or "0")[:10]), MAX_32_BITS)
    return PRIORITIES[body["base"]] + (offset if body["sign"] == "-" else -offset)


def _network(address: Address, digits: str | None, at: Token) -> Network:
    bits = address.max_prefixlen if digits is None else int(digits)
    if bits > address.max_prefixlen:
        raise at.fault("a policy with a prefix that is too long")
    return ip_network((address, bits), strict=False)


def _port(text: str | None, at: Token) -> int | None:
    return None if text in (None, "", "any") else _number(text, MAX_PORT, at)


def _number(text: str, most: int, at: Token) -> int | None:
    """Read a number, None for the one that stands for any."""
    if not (text.isascii() and text.isdigit()) or len(text) > len(str(most)) or int(text) > most:
        raise at.fault(f"a policy with {shown(text) or 'nothing'} where a number up to {most} should be")
    return None if int(text) == PORT_ANY else int(text)


def _finer(text: str, at: Token) -> tuple[int | None, int | None]:
    """Read an ICMP policy's type and code, or GRE's key, into the places of the ports."""
    first, comma, second = text.partition(",")
    if comma:
        return _number(first, MAX_PORT, at), _number(second, MAX_PORT, at)
    key = _number(first, MAX_32_BITS, at) or 0
    return key >> _GRE_KEY_BITS or None, key & MAX_PORT or None


def _upper(text: str, at: Token) -> int:
    if text == "any":
        return UPPER_ANY
    if text in LATER_PROTOCOL_NUMBERS:
        return LATER_PROTOCOL_NUMBERS[text]
    if text.isdigit():
        return _number(text, UPPER_ANY, at) or 0
    raise at.fault(f"a policy for {shown(text)}, which is no protocol of the built-in list")


def _asked(entry: Entry, at: Token, faults: list[UserError]) -> tuple[str, tuple[HostRule, ...]]:
    """Return the policy's kind and rules, none of them where something cannot be read."""
    if entry.body is None or entry.unknown:
        faults.append(at.fault("a policy of which a line cannot be read"))
        return UNKNOWN, ()
    kind = entry.body["kind"]
    if kind != "ipsec":
        return kind, ()
    lines = [line for line in entry.rest if _LIKE_A_RULE.match(line.text)]
    rules = [_rule(line, at) for line in lines]
    read = tuple(rule for rule in rules if rule is not None)
    if not read or len(read) != len(lines):
        faults.append(at.fault("a policy whose rules cannot be read"))
        return UNKNOWN, ()
    return kind, read


def _rule(line: Line, at: Token) -> HostRule | None:
    """Read a rule; None if it cannot be read."""
    found = _RULE.fullmatch(line.text)
    if found is None or found["proto"] not in RULE_PROTOCOLS or found["mode"] not in (*MODES, "any"):
        return None
    try:
        ends = dumped_ends(found["src"], found["dst"], at) if found["src"] else (None, None)
    except UserError:
        return None
    return HostRule(
        proto=RULE_PROTOCOLS[found["proto"]],
        mode=found["mode"],
        level=found["level"],
        reqid=min(int(found["reqid"] or 0), MAX_32_BITS),
        src=ends[0],
        dst=ends[1],
    )
