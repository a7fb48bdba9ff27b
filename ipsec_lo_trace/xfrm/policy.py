"""An entry of ``ip xfrm policy`` as a policy."""

from __future__ import annotations

from ipaddress import IPv4Address
from itertools import takewhile
from typing import NamedTuple

from ipsec_lo_trace.model.policy import Direction, Level, Policy, PolicyType, Request, Selector
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.lines import Entry
from ipsec_lo_trace.xfrm.state import COUNTS, MODES, OF_NO_USE, PROTOCOLS
from ipsec_lo_trace.xfrm.values import DELETE, address, needed, number, pairs, selector, selector_words

LOOPBACKS = ("lo", "lo0")
_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}
_ACTIONS = {"allow": False, "block": True}
_LEVELS = {"required": Level.REQUIRE, "use": Level.USE}
_SHOWN = ("dir", "action", "index", "priority", "ptype", "share")


class Ranked(NamedTuple):
    """A policy with its priority, of which the lowest goes first."""

    priority: int
    policy: Policy


def ranked(entry: Entry, notes: list[str]) -> Ranked | None:
    """Make the policy of an entry; UserError for a mistake.

    None if it is left out, which ``notes`` then says.
    """
    at = entry.head[0]
    found = selector_words(entry.head)
    why = _left_out(entry, found)
    if why:
        notes.append(at.note(f"{why}: left out"))
        return None
    return _made(entry, selector(found, at), notes)


def _left_out(entry: Entry, found: dict[str, Token]) -> str:
    """Say why a policy has no say on IPv4 over lo, "" if it has."""
    if any(":" in found[name].text for name in ("src", "dst") if name in found):
        return "an IPv6 policy"
    if "dev" in found and found["dev"].text not in LOOPBACKS:
        return f"a policy for {found['dev']}"
    firsts = {words[0].text: words for words in entry.lines}
    if "socket" in firsts:
        return "a socket's own policy"
    if "mark" in firsts or "if_id" in firsts:
        return f"a policy for packets with a {'mark' if 'mark' in firsts else 'if_id'}"
    if "fwd" in [word.text for word in firsts.get("dir", [])[1:2]]:
        return "a policy for forwarding"
    if "sub" in [word.text for word in firsts.get("dir", [])]:
        return "a policy of type sub"
    return ""


def _made(entry: Entry, chosen: Selector, notes: list[str]) -> Ranked:
    shown, templates = _sorted(entry)
    way = needed(shown, "dir", entry.head[0])
    if way.text not in _DIRECTIONS:
        raise way.fault(f"{way} where in, out or fwd should be")
    requests = [_request(template, notes) for template in templates]
    kind = PolicyType.IPSEC if requests else PolicyType.NONE
    if "action" in shown and _blocks(shown["action"]):
        kind, requests = PolicyType.DISCARD, []
    priority = number(shown["priority"], "a priority") if "priority" in shown else 0
    return Ranked(priority, Policy(_DIRECTIONS[way.text], chosen, kind, requests))


def _sorted(entry: Entry) -> tuple[dict[str, Token], list[Entry]]:
    """Return what the line with the direction says, and each template with its own lines."""
    shown: dict[str, Token] = {}
    templates: list[Entry] = []
    for words in entry.lines:
        at = words[0]
        if at.text == "dir":
            shown = pairs(takewhile(lambda word: word.text != "flag", words), _SHOWN)
        elif at.text == "tmpl":
            templates.append(Entry(words, []))
        elif templates and at.text in ("proto", "level"):
            templates[-1].lines.append(words)
        elif at.text not in OF_NO_USE and at.text != "enc-mask" and not COUNTS.fullmatch(at.text):
            raise at.fault(f"{at} is not known in a policy", "delete the line if it does not matter")
    return shown, templates


def _blocks(word: Token) -> bool:
    if word.text not in _ACTIONS:
        raise word.fault(f"{word} where allow or block should be")
    return _ACTIONS[word.text]


def _request(template: Entry, notes: list[str]) -> Request:
    """Make a request of a template."""
    at = template.head[0]
    names = pairs(template.head[1:], ("src", "dst"))
    for words in template.lines:
        names |= pairs(
            words, ("proto", "spi", "reqid", "mode") if words[0].text == "proto" else ("level", "share")
        )
    proto, mode = needed(names, "proto", at), needed(names, "mode", at)
    if proto.text not in PROTOCOLS:
        raise proto.fault(f"{proto} where esp, ah or comp should be", DELETE)
    if mode.text not in MODES:
        raise mode.fault(f"mode {mode} is not modelled", DELETE)
    if "spi" in names and number(names["spi"], "an SPI"):
        notes.append(names["spi"].note("a template's SPI is not looked at"))
    reqid = number(names["reqid"], "a reqid") if "reqid" in names else 0
    level = _level(names.get("level"))
    if reqid and level is Level.REQUIRE:
        level = Level.UNIQUE
    src, dst = _ends(MODES[mode.text], names, at)
    return Request(PROTOCOLS[proto.text], MODES[mode.text], level, reqid, src, dst)


def _level(word: Token | None) -> Level:
    if word is None:
        return Level.REQUIRE
    if word.text not in _LEVELS:
        raise word.fault(f"{word} where required or use should be")
    return _LEVELS[word.text]


def _ends(mode: Mode, names: dict[str, Token], at: Token) -> tuple[IPv4Address | None, IPv4Address | None]:
    """Return a template's ends; in transport mode Linux takes those of the packet, whatever stands there.

    Source: Linux, net/xfrm/xfrm_policy.c, xfrm_tmpl_resolve_one.
    """
    src, dst = address(needed(names, "src", at)), address(needed(names, "dst", at))
    if mode is Mode.TRANSPORT:
        return None, None
    if dst.is_unspecified:
        raise names["dst"].fault("a tunnel without an end")
    return None if src.is_unspecified else src, dst
