"""What the tokens of numbers, keys, addresses, ports and protocols stand for.

Each function raises UserError, pointing at the token.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Address, Network
from ipsec_lo_trace.model.policy import PORT_ANY, ULPROTO_ANY
from ipsec_lo_trace.setkey.hints import nearest, service
from ipsec_lo_trace.setkey.tokens import Kind, Token, shown
from ipsec_lo_trace.setkey.words import (
    IPV6_PROTOCOLS,
    KEYWORD_PROTOCOLS,
    LATER_PROTOCOLS,
    OTHER_SERVICES,
    PROTOCOLS,
    SERVICES,
    Dialect,
)

MAX_32_BITS = 0xFFFFFFFF
MAX_PORT = 0xFFFF
PROTOCOL_LIKENESS = 0.7
"""How like a protocol's name a word must be, as many are three letters long."""
_LOCALHOST: dict[int, Address] = {4: IPv4Address("127.0.0.1"), 6: IPv6Address("::1")}
_ALL_SERVICES = {**OTHER_SERVICES, **SERVICES}
LATER_PROTOCOL_NUMBERS = {**PROTOCOLS, **IPV6_PROTOCOLS, **LATER_PROTOCOLS, **KEYWORD_PROTOCOLS}


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
        try:
            return token.text[1:-1].encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise token.fault(
                "a character in this key stands for no byte", "write the key as 0x..."
            ) from None
    digits = token.text[2:]
    return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))


class Family(msgspec.Struct):
    """Which addresses -4, -6 and -n let pass: ``version`` 0 for both families, ``names`` for names too."""

    version: int = 0
    names: bool = True


_NUMBERS = Family(names=False)


def host(token: Token, wanted: Family, dialect: Dialect) -> Address | None:
    """Read an address; of names only localhost, and none at all without ``names`` (-n).

    None for another name in today's dialect: no file shows what it stood for.
    SIMPLER: a machine of 2003 also had ::1 for localhost, without -6.
    """
    if token.kind is Kind.WORD and wanted.names:
        if token.text == "localhost":
            return _LOCALHOST[wanted.version or 4]
        if dialect.later and _is_name(token.text):
            return None
    return numeric_host(token, wanted)


def numeric_host(token: Token, wanted: Family = _NUMBERS) -> Address:
    """Read an address that is no name."""
    if token.kind is not Kind.WORD:
        raise token.fault(f"{token} where an address should be", "such as 127.0.0.1")
    try:
        address = ip_address(token.text)
    except ValueError:
        raise _no_address(token, names=wanted.names) from None
    if wanted.version not in (0, address.version):
        raise token.fault(f"{token} is not an IPv{wanted.version} address", f"-{wanted.version} asks for one")
    if isinstance(address, IPv4Address):
        return address
    return IPv6Address(int(address))  # the interface behind % is none of a packet's


def dumped_ends(src: str, dst: str, at: Token) -> tuple[Address, Address]:
    """Read two addresses that a program printed, without interfaces behind %; ``at`` is where they stand."""
    first, second = _dumped_address(src, at), _dumped_address(dst, at)
    if first.version != second.version:
        raise at.fault(f"{shown(src)} and {shown(dst)} are not of one family")
    return first, second


def _dumped_address(text: str, at: Token) -> Address:
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        raise at.fault(f"{shown(text)} is not an address") from None


def one_family(
    src_at: Token, src: Address | Network | None, dst_at: Token, dst: Address | Network | None
) -> None:
    """Refuse two ends of which one is IPv4 and the other IPv6."""
    if src is not None and dst is not None and src.version != dst.version:
        raise dst_at.fault(f"{src_at} and {dst_at} are not of one family", "both IPv4, or both IPv6")


def unresolved(token: Token) -> UserError:
    """Make the error of a name whose address is needed."""
    reason = f"{token}: names are not resolved, so that a run is the same on every machine"
    return token.fault(reason, "write the address")


def _is_name(text: str) -> bool:
    return ":" not in text and not text.replace(".", "").isdigit()


def _no_address(token: Token, *, names: bool) -> UserError:
    if ":" in token.text:
        return token.fault(f"{token} is not an IPv6 address")
    if not _is_name(token.text):
        return token.fault(f"{token} is not an IPv4 address", "four numbers from 0 to 255")
    if not names:
        return token.fault(f"{token} is not an address", "here only numbers are taken")
    return unresolved(token)


def port(token: Token, dialect: Dialect) -> int:
    """Read a port between brackets: a number, ``any``, or a service by name."""
    known = _ALL_SERVICES if dialect.later else SERVICES
    if token.kind is Kind.DECIMAL:
        return number(token, "a port", MAX_PORT)
    if token.is_("any"):
        return PORT_ANY
    if token.kind is Kind.WORD and token.text in known:
        return known[token.text]
    hint = service(token.text, _ALL_SERVICES, tuple(known))
    raise token.fault(f"{token} is not a port, any, or one of the services that are built in", hint)


def upper(token: Token, dialect: Dialect) -> int:
    """Read an upper-layer protocol: a number, ``any``, or a name of /etc/protocols."""
    if token.kind is Kind.DECIMAL:
        return number(token, "a protocol", 255)
    if token.is_("any"):
        return ULPROTO_ANY
    known = LATER_PROTOCOL_NUMBERS if dialect.later else {**PROTOCOLS, **IPV6_PROTOCOLS}
    if token.kind is Kind.WORD and token.text in known:
        return known[token.text]
    if token.kind is Kind.WORD and token.text in KEYWORD_PROTOCOLS:
        reason = f"{token} is a word of setkey(8)'s own, so it cannot name a protocol here"
        raise token.fault(reason, f"write {KEYWORD_PROTOCOLS[token.text]}")
    hint = (
        nearest(token.text, ("any", *known), likeness=PROTOCOL_LIKENESS)
        or "a number, any, icmp, tcp, udp, ..."
    )
    raise token.fault(f"{token} where a protocol should be", hint)
