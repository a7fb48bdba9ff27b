"""What the tokens of numbers, keys, addresses, ports and protocols stand for.

Each function raises UserError, pointing at the token.
"""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.policy import PORT_ANY, ULPROTO_ANY
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.words import (
    IPV6_PROTOCOLS,
    KEYWORD_PROTOCOLS,
    PROTOCOLS,
    SERVICES,
    nearest,
)

MAX_32_BITS = 0xFFFFFFFF
IPV4_ONLY = "the 2003 port is IPv4 only"
_LOCALHOST = IPv4Address("127.0.0.1")


def number(token: Token, what: str, maximum: int = MAX_32_BITS) -> int:
    """Read a decimal number from 0 to ``maximum``."""
    if token.kind is not Kind.DECIMAL:
        raise token.fault(f"{token} where {what} should be", "a decimal number")
    # SIMPLER: strtoul in setkey cuts off what is too big; here it is refused.
    return _bounded(token, what, maximum)


def spi(token: Token) -> int:
    """Read an SPI, decimal or hexadecimal."""
    if token.kind not in (Kind.DECIMAL, Kind.HEX):
        raise token.fault(f"{token} where an SPI should be", "a number, such as 0x1000")
    return _bounded(token, "an SPI", MAX_32_BITS)


def _bounded(token: Token, what: str, maximum: int) -> int:
    base = 16 if token.kind is Kind.HEX else 10
    digits = token.text[2:].lstrip("0") if base == 16 else token.text.lstrip("0")  # noqa: PLR2004 -- a base
    # Python refuses to read very many digits, so they are counted first.
    too_big = len(digits) > len(str(MAX_32_BITS))
    value = maximum + 1 if too_big else int(digits or "0", base)
    if value > maximum:
        raise token.fault(f"{token} is too big for {what}", f"at most {maximum}")
    return value


def key(token: Token) -> bytes:
    """Read a key, quoted or hexadecimal.

    Of an odd number of digits the first makes a byte of its own.  Source: setkey/parse.y, key_string.
    """
    if token.kind is Kind.QUOTED:
        return token.text[1:-1].encode("utf-8", "surrogatepass")
    digits = token.text[2:]
    return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))


def host(token: Token, *, names: bool = True) -> IPv4Address:
    """Read an address; of names only localhost, and none at all without ``names`` (-n).

    SIMPLER: a machine of 2003 also had ::1 for localhost.
    """
    if token.kind is not Kind.WORD:
        raise token.fault(f"{token} where an address should be", "such as 127.0.0.1")
    if token.text == "localhost" and names:
        return _LOCALHOST
    if ":" in token.text:
        raise token.fault(f"{token} is an IPv6 address, and {IPV4_ONLY}")
    try:
        return IPv4Address(token.text)
    except AddressValueError:
        raise _no_address(token, names=names) from None


def _no_address(token: Token, *, names: bool) -> UserError:
    if not token.text.replace(".", "").isdigit():
        if not names:
            return token.fault(f"{token} is not an IPv4 address", "here only numbers are taken")
        reason = f"{token}: names are not resolved, so that a run is the same on every machine"
        return token.fault(reason, "write the address")
    return token.fault(f"{token} is not an IPv4 address", "four numbers from 0 to 255")


def port(token: Token) -> int:
    """Read a port between brackets: a number, ``any``, or a service by name."""
    if token.kind is Kind.DECIMAL:
        return number(token, "a port", 65535)
    if token.is_("any"):
        return PORT_ANY
    if token.kind is Kind.WORD and token.text in SERVICES:
        return SERVICES[token.text]
    hint = nearest(token.text, tuple(SERVICES)) or "write its number"
    raise token.fault(f"{token} is not a port, any, or one of the services that are built in", hint)


def upper(token: Token) -> int:
    """Read an upper-layer protocol: a number, ``any``, or a name of /etc/protocols."""
    if token.kind is Kind.DECIMAL:
        return number(token, "a protocol", 255)
    if token.is_("any"):
        return ULPROTO_ANY
    if token.kind is Kind.WORD and token.text.lower() in IPV6_PROTOCOLS:
        raise token.fault(f"{token} goes with IPv6, and {IPV4_ONLY}")
    if token.kind is Kind.WORD and token.text in KEYWORD_PROTOCOLS:
        reason = f"{token} is a word of setkey(8)'s own, so it cannot name a protocol here"
        raise token.fault(reason, f"write {KEYWORD_PROTOCOLS[token.text]}")
    if token.kind is Kind.WORD and token.text in PROTOCOLS:
        return PROTOCOLS[token.text]
    hint = nearest(token.text, ("any", *PROTOCOLS)) or "a number, any, icmp, tcp, udp, ..."
    raise token.fault(f"{token} where a protocol should be", hint)
