"""The policy sub-language behind -P.

Source: lib/libipsec/policy_parse.y and policy_token.l (NetBSD 1.8, 2003/07/22).
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import TypeAlias

from ipsec_lo_trace.model.policy import Direction, Level, PolicyType, Request
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import PolicySpec
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Scanner, Token
from ipsec_lo_trace.setkey.values import host

_TOKENS = re.compile(
    r"""
      (?P<skip>  [ \t\n]+ )
    | (?P<word>  [A-Za-z0-9:._]+ (?: % [A-Za-z0-9]+ )? )
    | (?P<mark>  [/\-] )
    """,
    re.VERBOSE,
)
_KINDS = {"skip": None, "word": Kind.WORD, "mark": Kind.MARK}

_DIRECTIONS = {"in": Direction.IN, "out": Direction.OUT}
_ACTIONS = {
    "discard": PolicyType.DISCARD,
    "none": PolicyType.NONE,
    "ipsec": PolicyType.IPSEC,
    "bypass": PolicyType.BYPASS,
    "entrust": PolicyType.ENTRUST,
}
_PROTOCOLS = {"esp": IPPROTO_ESP, "ah": IPPROTO_AH, "ipcomp": IPPROTO_IPCOMP}
_MODES = {"transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL}
_LEVELS = {
    "default": Level.DEFAULT,
    "use": Level.USE,
    "require": Level.REQUIRE,
    "unique": Level.UNIQUE,
}
_UNIQUE = re.compile(r"unique:([0-9]+)")
_INT_MAX = 0x7FFFFFFF
_Ends: TypeAlias = "tuple[IPv4Address | None, IPv4Address | None]"
_OPEN: _Ends = (None, None)
_EXAMPLE = "such as esp/transport//require"


def parse_policy(text: Token) -> PolicySpec:
    """Read the text between -P and the semicolon; UserError, pointing into it."""
    stream = Stream(iter(_tokens(text)))
    at = stream.peek
    direction = _DIRECTIONS[stream.word(tuple(_DIRECTIONS), "in or out").text]
    if stream.ended():
        # KERNEL: libipsec thinks that the kernel will ignore the type it then sends, 0; but 0 is discard.
        note = at.note("a policy without a type is sent, and taken, as discard")
        return PolicySpec(at=at, direction=direction, kind=PolicyType.DISCARD, requests=(), notes=(note,))
    at = stream.word(tuple(_ACTIONS), "discard, none or ipsec")
    kind = _ACTIONS[at.text]
    notes: list[str] = []
    requests: list[Request] = []
    while not stream.ended():
        requests.append(_rule(stream, direction, kind, notes))
    if requests and kind is not PolicyType.IPSEC:
        # KERNEL: key_msg2sp looks at the rules of an ipsec policy alone.
        notes.append(at.note(f"rules behind {kind.name.lower()} are ignored"))
        requests.clear()
    return PolicySpec(at=at, direction=direction, kind=kind, requests=tuple(requests), notes=tuple(notes))


def _tokens(text: Token) -> list[Token]:
    scanner = Scanner(text.text, text.file, text.line, text.column)
    tokens = []
    while not scanner.done:
        try:
            token = scanner.match(_TOKENS, _KINDS)
        except ValueError as error:
            raise scanner.token(Kind.MARK, str(error)).fault(f"a stray {error} in a policy") from None
        if token is not None:
            tokens.append(token)
    tokens.append(scanner.token(Kind.END, ""))
    return tokens


def _rule(stream: Stream, direction: Direction, kind: PolicyType, notes: list[str]) -> Request:
    """Read protocol/mode[/[ends][/[level]]]."""
    at = stream.word(tuple(_PROTOCOLS), "a rule")
    stream.expect("/", _EXAMPLE)
    mode_at = stream.word(tuple(_MODES), "transport or tunnel")
    ends, level, reqid = _OPEN, Level.DEFAULT, 0
    if stream.accept("/") and not _rule_ends(stream):
        if stream.accept("/"):
            level, reqid = _level(stream, notes)
        else:
            ends = _ends(stream, direction)
            if stream.accept("/") and not _rule_ends(stream):
                level, reqid = _level(stream, notes)
    if kind is PolicyType.IPSEC and _MODES[mode_at.text] is Mode.TUNNEL and ends[0] is None:
        raise mode_at.fault("a tunnel without ends", "esp/tunnel/10.0.0.1-10.0.0.2/require")
    return Request(_PROTOCOLS[at.text], _MODES[mode_at.text], level, reqid, *ends)


def _rule_ends(stream: Stream) -> bool:
    return stream.ended() or (stream.peek.kind is Kind.WORD and stream.peek.text in _PROTOCOLS)


def _ends(stream: Stream, direction: Direction) -> _Ends:
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
    src = host(stream.take(), names=False)
    stream.expect("-", "two ends, such as 10.0.0.1-10.0.0.2")
    return src, host(stream.take(), names=False)


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
