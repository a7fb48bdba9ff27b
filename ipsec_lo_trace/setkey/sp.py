"""Read the commands about policies.

Source: sbin/setkey/parse.y, spdadd_command to spdflush_command.
"""

from __future__ import annotations

from ipaddress import ip_network

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import Network
from ipsec_lo_trace.model.policy import PORT_ANY
from ipsec_lo_trace.model.proto import IPPROTO_ICMP
from ipsec_lo_trace.setkey.commands import PolicySpec, Show, SpdAdd, SpdDelete, SpdFlush, Traffic, Unread
from ipsec_lo_trace.setkey.extensions import context
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.policy import direction_of, parse_policy, policy_stream
from ipsec_lo_trace.setkey.sa import end, family, ignored
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import Family, host, number, one_family, port, upper
from ipsec_lo_trace.setkey.words import ICMP6_PROTOCOL, LATER_PROTOCOLS, PROTOCOLS

_EXAMPLE = "such as -P out ipsec esp/transport//require"
MAX_PREFIX_BITS = 128
_MAX_TYPE = 255
_DIGITS = "0123456789,"
_GRE = PROTOCOLS["gre"]
_TYPED = (IPPROTO_ICMP, ICMP6_PROTOCOL, LATER_PROTOCOLS["mh"])
"""Protocols whose type and code may be named by today's setkey(8)."""


def spdadd(stream: Stream, at: Token) -> SpdAdd | Unread:
    """Read ``spdadd`` or ``spdupdate``, of which this was the first word."""
    if stream.peek.is_("tagged"):
        return _tagged(stream, at)
    traffic, notes = _traffic(stream)
    policy = _policy(stream)
    update = at.is_("spdupdate")
    return SpdAdd(at=at, traffic=traffic, policy=policy, notes=(*notes, *policy.notes), update=update)


def _tagged(stream: Stream, at: Token) -> Unread:
    tagged = stream.take()
    if stream.peek.kind is not Kind.QUOTED:
        raise stream.unexpected("a tag in quotes")
    stream.take()
    _policy(stream)
    reason = "FAST_IPSEC of 2003 refuses the PF_KEY extension that carries a tag"
    return Unread(at=at, fault=tagged.fault(reason, "go by addresses"))


def spddelete(stream: Stream, at: Token) -> SpdDelete:
    """Read ``spddelete``; of its policy only the direction counts."""
    traffic, _notes = _traffic(stream)
    return SpdDelete(at=at, traffic=traffic, policy=_policy(stream))


def spddump(stream: Stream, at: Token) -> Show:
    """Read ``spddump``."""
    end(stream)
    return ignored(at)


def spdflush(stream: Stream, at: Token) -> SpdFlush:
    """Read ``spdflush``."""
    end(stream)
    return SpdFlush(at=at)


def _traffic(stream: Stream) -> tuple[Traffic, list[str]]:
    wanted = family(stream)
    notes: list[str] = []
    src_at, src, src_port = _range(stream, wanted, notes)
    dst_at, dst, dst_port = _range(stream, wanted, notes)
    one_family(src_at, src, dst_at, dst)
    upper_at = stream.take()
    number_of_upper = upper(upper_at, stream.dialect)
    if stream.peek.kind in (Kind.WORD, Kind.DECIMAL) and stream.peek.text[0] in _DIGITS:
        src_port, dst_port = _type_and_code(stream, upper_at, number_of_upper)
    context_at = context(stream.take(), stream) if stream.peek.is_("-ctx") else None
    return Traffic(
        src=src,
        dst=dst,
        src_port=src_port,
        dst_port=dst_port,
        upper=number_of_upper,
        src_at=src_at,
        dst_at=dst_at,
        upper_at=upper_at,
        context=context_at,
    ), notes


def _range(stream: Stream, wanted: Family, notes: list[str]) -> tuple[Token, Network | None, int]:
    """Read an address with its prefix length in bits and port, both optional."""
    at = stream.take()
    address = host(at, wanted, stream.dialect)
    most = address.max_prefixlen if address else MAX_PREFIX_BITS
    prefix_bits = number(stream.take(), "a prefix length", most) if stream.accept("/") else most
    network = ip_network((address, prefix_bits), strict=False) if address else None
    if network and network.network_address != address:
        notes.append(at.note(f"of {address}/{prefix_bits} only the first {prefix_bits} bits are compared"))
    number_of_port = PORT_ANY
    if stream.accept("["):
        number_of_port = port(stream.take(), stream.dialect)
        stream.expect("]")
    return at, network, number_of_port


def _type_and_code(stream: Stream, upper_at: Token, upper_number: int) -> tuple[int, int]:
    """Read what an ICMP policy is about, ``type,code``, into the places of the ports; today also GRE's key.

    Source: sbin/setkey/parse.y, upper_misc_spec and fix_portstr.
    """
    at = stream.take()
    if stream.dialect.later and upper_number == _GRE:
        key = number(at, "a GRE key")
        return key >> 16, key & 0xFFFF
    typed = _TYPED if stream.dialect.later else (ICMP6_PROTOCOL,)
    if upper_number not in typed:
        raise at.fault(f"{at} behind {upper_at}, where -P should be", "a type and a code go with icmp6 alone")
    parts = at.text.split(",")
    if not (len(parts) <= 2 and all(_is_type(part) for part in parts)):  # noqa: PLR2004 -- type and code
        raise at.fault(f"{at} where a type and a code should be", "such as 135,0")
    return int(parts[0]), int(parts[1]) if parts[1:] else 0


def _is_type(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_MAX_TYPE)) and int(text) <= _MAX_TYPE


def _policy(stream: Stream) -> PolicySpec:
    stream.expect("-P", _EXAMPLE)
    text = stream.take()
    if text.kind is not Kind.POLICY:
        raise text.fault("-P without a policy", _EXAMPLE)
    if stream.peek.kind is Kind.POLICY:
        reason = "a comment inside a policy, which setkey(8) takes for the policy's end"
        raise stream.peek.fault(reason, "put it behind the ;")
    spec = _read_policy(stream, text)
    stream.expect(";", "every command ends with one")
    return spec


def _read_policy(stream: Stream, text: Token) -> PolicySpec:
    """Read a policy; today's that cannot be followed is kept as one of which the direction is known."""
    try:
        return parse_policy(text, stream.dialect)
    except UserError as error:
        if not stream.dialect.later or _runs_on(stream, text):
            raise
        words = policy_stream(text, stream.dialect)
        at = words.peek
        return PolicySpec(at=at, direction=direction_of(words), fault=error)


def _runs_on(stream: Stream, text: Token) -> bool:
    """Tell whether the next command stands in a policy, because a ; is missing."""
    return any(word in stream.dialect.commands for word in text.text.split())
