"""What the words of numbers, addresses and networks stand for.

Each function raises UserError, pointing at the word, unless it says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UPPER_ANY, Address, Network
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.words import PROTOCOLS

MAX_32_BITS = 0xFFFFFFFF
MAX_16_BITS = 0xFFFF
_NUMBER = re.compile(r"(0x[0-9A-Fa-f]{1,8}|[0-9]{1,10})(\([0-9A-Fa-fx]{1,10}\))?,?")
"""With -s a number stands behind it in brackets, in the other base; in a list there is a comma."""


def number(word: Token, what: str, maximum: int = MAX_32_BITS) -> int:
    """Read a decimal or hexadecimal number from 0 to ``maximum``."""
    found = _NUMBER.fullmatch(word.text)
    value = int(found.group(1), 16 if found.group(1).startswith("0x") else 10) if found else maximum + 1
    if value > maximum:
        raise word.fault(f"{word} where {what} should be", f"a number from 0 to {maximum}")
    return value


def address(word: Token) -> Address:
    """Read an address of either family."""
    try:
        if "%" not in word.text:
            return ip_address(word.text)
    except ValueError:
        pass
    raise word.fault(f"{word} where an address should be", "such as 127.0.0.1 or ::1")


def network(word: Token) -> Network:
    """Read an address of either family with the length of its prefix, in bits."""
    try:
        if "%" not in word.text:
            return ip_network(word.text, strict=False)
    except ValueError:
        pass
    raise word.fault(f"{word} where a network should be", "such as 127.0.0.1/32 or ::/0")


def protocol(word: Token) -> int:
    """Read an upper protocol, by its name or number."""
    found = PROTOCOLS.get(word.text.lower())
    if found is not None:
        return found
    if not word.text.isascii() or not word.text.isdigit():
        raise word.fault(f"{word} is not a protocol of the built-in list", "write its number")
    return number(word, "a protocol", UPPER_ANY - 1)


def pairs(words: Iterable[Token], known: Iterable[str]) -> tuple[dict[str, Token], UserError | None]:
    """Read names, each with its value behind it; also the first fault, None if there is none."""
    found: dict[str, Token] = {}
    fault: UserError | None = None
    names = tuple(known)
    ahead = iter(words)
    for name in ahead:
        if name.text not in names:
            fault = fault or name.fault(f"{name} is not known here", f"one of {', '.join(names)}")
        elif (value := next(ahead, None)) is None:
            fault = fault or name.fault(f"nothing stands behind {name}")
        elif name.text in found:
            fault = fault or name.fault(f"{name} stands here twice")
        else:
            found[name.text] = value
    return found, fault


def needed(found: dict[str, Token], name: str, at: Token) -> Token:
    """Return the value of a name that must be there; ``at`` is where it is missed."""
    if name not in found:
        raise at.fault(f"{name} is missing from this line")
    return found[name]
