"""The policy sub-language behind -P.

Source: lib/libipsec/policy_parse.y and policy_token.l (NetBSD 1.8, 2003/07/22); for priorities, fwd and ports
ipsec-tools', which FreeBSD's and Linux' follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from ipsec_lo_trace.model.host import Address
from ipsec_lo_trace.model.policy import Direction, Level, PolicyType
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import PRIORITY_DEFAULT, PolicySpec, Rule
from ipsec_lo_trace.setkey.hints import stray_words
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Scanner, Token
from ipsec_lo_trace.setkey.values import MAX_32_BITS, numeric_host, one_family
from ipsec_lo_trace.setkey.words import Dialect

_TOKENS = re.compile(
    r"""
      (?P<skip>  [ \t\n]+ )
    | (?P<word>  [A-Za-z0-9:._]+ (?: % [A-Za-z0-9]+ )? )
    | (?P<mark>  [/+\-\[\]] )
    """,
    re.VERBOSE,
)
_KINDS = {"skip": None, "word": Kind.WORD, "mark": Kind.MARK}

_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT, "fwd": None}
_ACTIONS = {
    "discard": PolicyType.DISCARD,
    "none": PolicyType.NONE,
    "ipsec": PolicyType.IPSEC,
    "bypass": PolicyType.BYPASS,
    "entrust": PolicyType.ENTRUST,
}
PRIORITIES = {"low": 0xC0000000, "def": PRIORITY_DEFAULT, "high": 0x40000000}
RULE_PROTOCOLS = {"esp": IPPROTO_ESP, "ah": IPPROTO_AH, "ipcomp": IPPROTO_IPCOMP}
MODES = {"transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL}
_LEVELS = {
    "default": Level.DEFAULT,
    "use": Level.USE,
    "require": Level.REQUIRE,
    "unique": Level.UNIQUE,
}
_UNIQUE = re.compile(r"unique:([0-9]+)")
_INT_MAX = 0x7FFFFFFF
_MOST_DIGITS = 10
"""How many digits a number of 32 bits has."""
_Ends: TypeAlias = "tuple[Address | None, Address | None]"
_OPEN: _Ends = (None, None)
_EXAMPLE = "such as esp/transport//require"


def parse_policy(text: Token, dialect: Dialect) -> PolicySpec:
    """Read the text between -P and the semicolon; UserError, pointing into it."""
    stream = policy_stream(text, dialect)
    at = stream.peek
    direction = direction_of(stream)
    priority = _priority(stream) if dialect.later else PRIORITY_DEFAULT
    if stream.ended():
        # KERNEL: libipsec thinks that the kernel will ignore the type it then sends, 0; but 0 is discard.
        note = at.note("a policy without a type is sent, and taken, as discard")
        return PolicySpec(
            at=at, direction=direction, kind=PolicyType.DISCARD, notes=(note,), priority=priority
        )
    at = stream.word(tuple(_ACTIONS), "discard, none or ipsec")
    kind = _ACTIONS[at.text]
    notes: list[str] = []
    rules: list[Rule] = []
    while not stream.ended():
        rules.append(_rule(stream, direction, kind, notes))
    if rules and kind is not PolicyType.IPSEC:
        # KERNEL: key_msg2sp looks at the rules of an ipsec policy alone.
        notes.append(at.note(f"rules behind {kind.name.lower()} are ignored"))
        rules.clear()
    return PolicySpec(
        at=at, direction=direction, kind=kind, rules=tuple(rules), notes=tuple(notes), priority=priority
    )


def direction_of(stream: Stream) -> Direction | None:
    """Read the direction; None for fwd."""
    return _DIRECTIONS[stream.word(stream.dialect.directions, "in or out").text]


def policy_stream(text: Token, dialect: Dialect) -> Stream:
    """Return the words of a policy."""
    return Stream(_tokens(text), dialect)


def _tokens(text: Token) -> Iterator[Token]:
    scanner = Scanner(text.text, text.file, text.line, text.column)
    while not scanner.done:
        try:
            token = scanner.match(_TOKENS, _KINDS)
        except ValueError as error:
            at = scanner.token(Kind.MARK, str(error))
            reason, hint = stray_words(at.text)
            raise at.fault(f"{reason if hint else f'a stray {at}'} in a policy", hint) from None
        if token is not None:
            yield token
    yield scanner.token(Kind.END, "")


def _priority(stream: Stream) -> int:
    """Read ``priority`` with a number, or with low, def or high and an offset; + goes before others."""
    if not (stream.accept("priority") or stream.accept("prio")):
        return PRIORITY_DEFAULT
    base = PRIORITY_DEFAULT
    if stream.peek.text in PRIORITIES:
        base = PRIORITIES[stream.take().text]
        if not (stream.peek.is_("+") or stream.peek.is_("-")):
            return base
    sign = 1 if stream.accept("-") else -1
    stream.accept("+")
    at = stream.take()
    if not (at.text.isascii() and at.text.isdigit()):
        raise at.fault(f"{at} where a priority should be", "low, def or high, or a number")
    return (base + sign * min(int(at.text[:_MOST_DIGITS]), MAX_32_BITS)) & MAX_32_BITS


def _rule(stream: Stream, direction: Direction | None, kind: PolicyType, notes: list[str]) -> Rule:
    """Read protocol/mode[/[ends][/[level]]]."""
    at = stream.word(tuple(RULE_PROTOCOLS), "a rule")
    stream.expect("/", _EXAMPLE)
    mode_at = stream.word(tuple(MODES), "transport or tunnel")
    ends, level, reqid = _OPEN, Level.DEFAULT, 0
    ends_at = None
    if stream.accept("/") and not _rule_ends(stream):
        if stream.accept("/"):
            level, reqid = _level(stream, notes)
        else:
            ends_at = stream.peek
            ends = _ends(stream, direction)
            if stream.accept("/") and not _rule_ends(stream):
                level, reqid = _level(stream, notes)
    if kind is PolicyType.IPSEC and MODES[mode_at.text] is Mode.TUNNEL and ends[0] is None:
        raise mode_at.fault("a tunnel without ends", "esp/tunnel/10.0.0.1-10.0.0.2/require")
    src, dst = ends
    return Rule(
        at=at,
        proto=RULE_PROTOCOLS[at.text],
        mode=MODES[mode_at.text],
        level=level,
        reqid=reqid,
        src=src,
        dst=dst,
        ends_at=ends_at,
    )


def _rule_ends(stream: Stream) -> bool:
    return stream.ended() or (stream.peek.kind is Kind.WORD and stream.peek.text in RULE_PROTOCOLS)


def _ends(stream: Stream, direction: Direction | None) -> _Ends:
    """Read address-address, me-any or any-me; the last two leave the ends open."""
    at = stream.peek
    if at.is_("me") or at.is_("any"):
        first, second = ("me", "any") if direction is Direction.OUT else ("any", "me")
        if not at.is_(first):
            raise at.fault("me-any goes with out, and any-me with in", f"write {first}-{second}")
        stream.take()
        stream.expect("-")
        stream.expect(second)
        return _OPEN
    src = numeric_host(stream.take())
    _port(stream)
    stream.expect("-", "two ends, such as 10.0.0.1-10.0.0.2")
    dst_at = stream.take()
    dst = numeric_host(dst_at)
    _port(stream)
    one_family(at, src, dst_at, dst)
    return src, dst


def _port(stream: Stream) -> None:
    """Pass over the port of a tunnel in UDP."""
    if not stream.peek.is_("["):
        return
    if not stream.dialect.later:
        raise stream.peek.fault("a port in a rule is of a later setkey(8)", "leave it out")
    stream.take()
    stream.take()
    stream.expect("]")


def _level(stream: Stream, notes: list[str]) -> tuple[Level, int]:
    found = _UNIQUE.fullmatch(stream.peek.text)
    if found is not None:
        return Level.UNIQUE, _reqid(stream.take(), found.group(1), notes)
    return _LEVELS[stream.word(tuple(_LEVELS), "a level").text], 0


def _reqid(token: Token, digits: str, notes: list[str]) -> int:
    significant = digits.lstrip("0")
    asked = _INT_MAX if len(significant) > len(str(_INT_MAX)) else min(int(significant or "0"), _INT_MAX)
    # KERNEL: struct sadb_x_ipsecrequest has 16 bits for it, and libipsec does not look.
    sent = asked & 0xFFFF
    if sent != asked:
        notes.append(token.note(f"{token} is sent in 16 bits, as unique:{sent}"))
    return sent
