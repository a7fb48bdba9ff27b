"""What the words of numbers, addresses and networks stand for.

Each function raises UserError, pointing at the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from ipsec_lo_trace.model.policy import PORT_ANY, ULPROTO_ANY, Selector
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.words import KEYWORD_PROTOCOLS, PROTOCOLS

MAX_32_BITS = 0xFFFFFFFF
_NUMBER = re.compile(r"(0x[0-9A-Fa-f]{1,8}|[0-9]{1,10})(\([0-9A-Fa-fx]*\))?")
"""With -s a number stands behind it in brackets, in the other base."""
_PROTOCOLS = {**PROTOCOLS, **KEYWORD_PROTOCOLS, "ospf": 89, "vrrp": 112, "sctp": 132, "udplite": 136}
_PORTS = {"sport", "dport"}
_FINER = {"type", "code", "key"}
_SELECTOR = ("src", "dst", "proto", "dev", "uid", *_PORTS, *_FINER)
DELETE = "delete this policy's lines to go on without it"


def number(word: Token, what: str, maximum: int = MAX_32_BITS) -> int:
    """Read a decimal or hexadecimal number from 0 to ``maximum``."""
    found = _NUMBER.fullmatch(word.text)
    value = int(found.group(1), 0 if found.group(1).startswith("0x") else 10) if found else maximum + 1
    if value > maximum:
        raise word.fault(f"{word} where {what} should be", f"a number from 0 to {maximum}")
    return value


def address(word: Token) -> IPv4Address:
    """Read an address."""
    try:
        return IPv4Address(word.text)
    except AddressValueError:
        raise word.fault(f"{word} where an address should be", "such as 127.0.0.1") from None


def network(word: Token) -> IPv4Network:
    """Read an address with the length of its prefix, in bits."""
    try:
        return IPv4Network(word.text, strict=False)
    except ValueError:
        raise word.fault(f"{word} where a network should be", "such as 127.0.0.1/32") from None


def pairs(words: Iterable[Token], known: Iterable[str]) -> dict[str, Token]:
    """Read names, all of them known, each with its value behind it."""
    found: dict[str, Token] = {}
    names = tuple(known)
    ahead = iter(words)
    for name in ahead:
        if name.text not in names:
            raise name.fault(f"{name} is not known here", f"one of {', '.join(names)}")
        value = next(ahead, None)
        if value is None:
            raise name.fault(f"nothing stands behind {name}")
        if name.text in found:
            raise name.fault(f"{name} stands here twice")
        found[name.text] = value
    return found


def needed(found: dict[str, Token], name: str, at: Token) -> Token:
    """Return the value of a name that must be there; ``at`` is where it is missed."""
    if name not in found:
        raise at.fault(f"{name} is missing from this line")
    return found[name]


def selector_words(words: list[Token]) -> dict[str, Token]:
    """Take the line of a selector apart."""
    return pairs(words, _SELECTOR)


def selector(found: dict[str, Token], at: Token) -> Selector:
    """Make a selector, as far as the modelled kernel has such a one."""
    for name in _FINER:
        if name in found:
            raise found[name].fault(f"a policy for one {name} only is not modelled", DELETE)
    return Selector(
        network(needed(found, "src", at)),
        network(needed(found, "dst", at)),
        _port(found, "sport"),
        _port(found, "dport"),
        _protocol(found["proto"]) if "proto" in found else ULPROTO_ANY,
    )


def _port(found: dict[str, Token], name: str) -> int:
    return number(found[name], "a port", 0xFFFF) if name in found else PORT_ANY


def _protocol(word: Token) -> int:
    if word.text in _PROTOCOLS:
        return _PROTOCOLS[word.text]
    if not word.text.isascii() or not word.text.isdigit():
        raise word.fault(f"{word} is not a protocol of the built-in list", "write its number")
    return number(word, "a protocol", 254)
