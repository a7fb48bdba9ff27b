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
_GRE_KEY_BITS = 16


class Ranked(NamedTuple):
    """A policy with what puts it in its place: the lowest priority is asked first, then the oldest."""

    priority: int
    spid: int
    policy: HostPolicy


def ranked(entry: Entry, file: str, notes: list[str]) -> Ranked:
    """Make the policy of an entry; UserError for one that is left out."""
    at = entry.at(file)
    head, body = entry.head, entry.body
    rest = "\n".join(line.text for line in entry.rest)
    if head["other"] or body["socket"] or _PCB.search(rest):
        raise at.fault(_other(head["other"] or ""))
    if body["direction"] not in ("in", "out"):
        raise at.fault("a policy for forwarding")
    src, dst = dumped_ends(head["src"], head["dst"], at)
    ports = (_port(head["src_port"], at), _port(head["dst_port"], at))
    if head["finer"]:
        ports = _finer(head["finer"], at)
    kind, rules = _asked(body["kind"], entry, at, notes)
    policy = HostPolicy(
        direction=body["direction"],
        src=_network(src, head["src_bits"], at),
        dst=_network(dst, head["dst_bits"], at),
        src_port=ports[0],
        dst_port=ports[1],
        upper=_upper(head["upper"], at),
        kind=kind,
        rules=rules,
        condition=_condition(rest),
    )
    spid = _SPID.search(rest)
    return Ranked(_priority(body), int(spid.group(1)) if spid else entry.line.number, policy)


def _other(head: str) -> str:
    if head.startswith("tagged"):
        return "a policy for packets with a tag"
    return "a policy of another family" if head.startswith("unknown-af") else "a socket's own policy"


def _condition(rest: str) -> str:
    interface = _INTERFACE.search(rest)
    return f"the interface {shown(interface.group(1))}" if interface else ""


def _priority(body: re.Match[str]) -> int:
    """Return the priority; 0 where none is printed.  Source: libipsec/ipsec_dump_policy.c."""
    if not body["base"]:
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


def _asked(kind: str, entry: Entry, at: Token, notes: list[str]) -> tuple[str, tuple[HostRule, ...]]:
    """Return the policy's kind and rules: ``UNKNOWN`` and none for what cannot be read."""
    if kind in ("entrust", "bypass"):
        raise at.fault("a socket's own policy")
    if kind != "ipsec":
        return kind, ()
    lines = [line for line in entry.rest if _LIKE_A_RULE.match(line.text)]
    rules = [_rule(line, at) for line in lines]
    read = tuple(rule for rule in rules if rule is not None)
    if not read or len(read) != len(lines):
        notes.append(at.note("what this policy asks for cannot be read"))
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
