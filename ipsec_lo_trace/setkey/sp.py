"""Read the commands about policies.

Source: sbin/setkey/parse.y, spdadd_command to spdflush_command.
"""

from __future__ import annotations

from ipaddress import IPv4Network

from ipsec_lo_trace.model.policy import PORT_ANY, Selector
from ipsec_lo_trace.setkey.commands import PolicySpec, Show, SpdAdd, SpdDelete, SpdFlush
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.policy import parse_policy
from ipsec_lo_trace.setkey.sa import ignored, numbers_only
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import host, number, port, upper

_END_HINT = "every command ends with one"
_EXAMPLE = "such as -P out ipsec esp/transport//require"


def spdadd(stream: Stream, at: Token) -> SpdAdd:
    """Read ``spdadd``, of which this was the first word."""
    if stream.peek.is_("tagged"):
        reason = "FAST_IPSEC of 2003 refuses the PF_KEY extension that carries a tag"
        raise stream.peek.fault(reason, "go by addresses")
    selector, notes = _selector(stream)
    policy = _policy(stream)
    return SpdAdd(at=at, selector=selector, policy=policy, notes=(*notes, *policy.notes))


def spddelete(stream: Stream, at: Token) -> SpdDelete:
    """Read ``spddelete``; of its policy only the direction counts."""
    selector, _notes = _selector(stream)
    return SpdDelete(at=at, selector=selector, policy=_policy(stream))


def spddump(stream: Stream, at: Token) -> Show:
    """Read ``spddump``."""
    stream.expect(";", _END_HINT)
    return ignored(at)


def spdflush(stream: Stream, at: Token) -> SpdFlush:
    """Read ``spdflush``."""
    stream.expect(";", _END_HINT)
    return SpdFlush(at=at)


def _selector(stream: Stream) -> tuple[Selector, list[str]]:
    names = not numbers_only(stream)
    notes: list[str] = []
    src, src_port = _range(stream, notes, names=names)
    dst, dst_port = _range(stream, notes, names=names)
    return Selector(src, dst, src_port, dst_port, upper(stream.take())), notes


def _range(stream: Stream, notes: list[str], *, names: bool) -> tuple[IPv4Network, int]:
    """Read an address with its prefix length in bits and port, both optional."""
    at = stream.take()
    address = host(at, names=names)
    prefix_bits = number(stream.take(), "a prefix length", 32) if stream.accept("/") else 32
    network = IPv4Network((address, prefix_bits), strict=False)
    if network.network_address != address:
        notes.append(at.note(f"of {address}/{prefix_bits} only the first {prefix_bits} bits are compared"))
    number_of_port = PORT_ANY
    if stream.accept("["):
        number_of_port = port(stream.take())
        stream.expect("]")
    return network, number_of_port


def _policy(stream: Stream) -> PolicySpec:
    stream.expect("-P", _EXAMPLE)
    text = stream.take()
    if text.kind is not Kind.POLICY:
        raise text.fault("-P without a policy", _EXAMPLE)
    if stream.peek.kind is Kind.POLICY:
        reason = "a comment inside a policy, which setkey(8) takes for the policy's end"
        raise stream.peek.fault(reason, "put it behind the ;")
    if not stream.peek.is_(";"):
        raise stream.unexpected("the ; that ends the policy")
    spec = parse_policy(text)
    stream.take()
    return spec
