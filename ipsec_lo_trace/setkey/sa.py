"""Read the commands about SAs.

Source: sbin/setkey/parse.y, add_command to dump_command.
"""

from __future__ import annotations

import msgspec

from ipsec_lo_trace.model.proto import IPPROTO_TCP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import Add, Algorithm, Delete, DeleteAll, Ends, Flush, SaName, Show
from ipsec_lo_trace.setkey.extensions import extensions
from ipsec_lo_trace.setkey.hints import algorithm_hint
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import Family, host, key, one_family, port, spi
from ipsec_lo_trace.setkey.words import (
    AALGS,
    CALGS,
    EALGS,
    KEYLESS_AALGS,
    KEYLESS_EALGS,
    TCP_MD5,
    SaProtocol,
)

_END_HINT = "every command ends with one"
_NO_PROTOCOL = SaProtocol(0)


def add(stream: Stream, at: Token) -> Add:
    """Read ``add``, of which this was the first word."""
    name = _sa_name(stream)
    given = extensions(stream, old=name.old)
    enc = auth = comp = None
    raw_cpi = False
    if stream.accept("-C"):
        comp = _algorithm(stream, CALGS, CALGS, "a compression algorithm")
        raw_cpi = stream.accept("-R") is not None
    else:
        enc, auth = _algorithms(stream, name)
    end(stream)
    return Add(at=at, sa=name, extensions=given, enc=enc, auth=auth, comp=comp, raw_cpi=raw_cpi)


def delete(stream: Stream, at: Token) -> Delete:
    """Read ``delete``."""
    name = _sa_name(stream)
    given = extensions(stream, old=name.old)
    end(stream)
    notes = (at.note("the mode says nothing in delete"),) if given.mode is not Mode.ANY else ()
    return Delete(at=at, sa=name, notes=notes)


def deleteall(stream: Stream, at: Token) -> DeleteAll:
    """Read ``deleteall``."""
    ends = _ends(stream, family(stream))
    proto = _protocol(stream)
    end(stream)
    return DeleteAll(at=at, ends=ends, proto=proto.proto or None)


def get(stream: Stream, at: Token) -> Show:
    """Read ``get``."""
    name = _sa_name(stream)
    extensions(stream, old=name.old)
    end(stream)
    return ignored(at)


def flush(stream: Stream, at: Token) -> Flush:
    """Read ``flush``."""
    proto = _protocol(stream)
    end(stream)
    return Flush(at=at, proto=proto.proto or None)


def dump(stream: Stream, at: Token) -> Show:
    """Read ``dump``."""
    _protocol(stream)
    end(stream)
    return ignored(at)


def ignored(at: Token) -> Show:
    """Make a command that would print something, with a note that it does not."""
    return Show(at=at, notes=(at.note(f"{at} is ignored: it would only print"),))


def family(stream: Stream) -> Family:
    """Read -4, -6 and -n; of the digits the last counts."""
    found = Family()
    while stream.peek.kind is Kind.FLAG and set(stream.peek.text) <= set("-n46"):
        for letter in stream.take().text[1:]:
            if letter == "n":
                found.names = False
            else:
                found.version = int(letter)
    return found


def end(stream: Stream) -> None:
    """Take the semicolon at a command's end."""
    stream.expect(";", _END_HINT)


def _ends(stream: Stream, wanted: Family) -> Ends:
    """Read source and destination, today's with a port each, which is that of ESP in UDP."""
    src_at = stream.take()
    src = host(src_at, wanted, stream.dialect)
    ports = _udp_port(stream)
    dst_at = stream.take()
    dst = host(dst_at, wanted, stream.dialect)
    ports += _udp_port(stream)
    one_family(src_at, src, dst_at, dst)
    return Ends(src, dst, src_at, dst_at, ports)


def _udp_port(stream: Stream) -> tuple[int, ...]:
    """Read a port, if one is there."""
    if not stream.peek.is_("["):
        return ()
    if not stream.dialect.later:
        raise stream.peek.fault("an SA's port is of a later setkey(8)", "leave it out")
    stream.take()
    found = port(stream.take(), stream.dialect)
    stream.expect("]")
    return (found,)


def _protocol(stream: Stream) -> SaProtocol:
    """Read a protocol, if one is there; number 0 if not."""
    if stream.peek.kind is not Kind.WORD:
        return _NO_PROTOCOL
    known = stream.dialect.sa_protocols
    return known[stream.word(tuple(known), "esp, ah, ipcomp, esp-old or ah-old").text]


def _sa_name(stream: Stream) -> SaName:
    wanted = family(stream)
    ends = _ends(stream, wanted)
    proto_at = stream.peek
    found = _protocol(stream)
    if proto_at.is_("esp-udp") and stream.peek.kind is Kind.WORD:
        host(stream.take(), wanted, stream.dialect)  # the address before NAT
    spi_at = stream.take()
    return SaName(
        ends=ends,
        proto=found.proto or None,
        proto_at=proto_at,
        old=found.old,
        spi=spi(spi_at),
        spi_at=spi_at,
    )


def _algorithms(stream: Stream, name: SaName) -> tuple[Algorithm | None, Algorithm | None]:
    """Read -E and -A, in this order, at least one of them."""
    enc = auth = None
    if stream.accept("-E"):
        enc = _algorithm(stream, EALGS, KEYLESS_EALGS, "an encryption algorithm")
        _check_des_variant(enc, old=name.old)
    if enc is None and not stream.peek.is_("-A"):
        raise stream.unexpected("an algorithm", "-E for esp, -A for ah or in addition to -E, -C for ipcomp")
    if stream.accept("-A"):
        known = (*AALGS, TCP_MD5) if name.proto == IPPROTO_TCP else AALGS
        auth = _algorithm(stream, known, KEYLESS_AALGS, "an authentication algorithm")
    if stream.peek.kind is Kind.FLAG:
        reason = f"{stream.peek} cannot come behind an algorithm"
        raise stream.peek.fault(reason, "the order is: -m -u -r -lh -ls -f, then -E, then -A")
    return enc, auth


def _algorithm(stream: Stream, known: tuple[str, ...], keyless: tuple[str, ...], what: str) -> Algorithm:
    at = stream.peek
    later = stream.dialect.later
    if at.kind is Kind.WORD and at.text not in known and not later:
        raise at.fault(f"{at} is not {what} of setkey(8) in 2003", algorithm_hint(at.text, known))
    name = stream.take().text if later and at.kind is Kind.WORD else stream.word(known, what).text
    has_key = stream.peek.kind in (Kind.QUOTED, Kind.HEX)
    if name in keyless and not (later and has_key):
        if has_key:
            raise stream.peek.fault(f"{name} takes no key")
        return Algorithm(at, name, b"", None)
    if not has_key:
        raise stream.peek.fault(f"{name} needs a key", "in quotes, or as digits behind 0x")
    key_at = stream.take()
    if key_at.kind is Kind.HEX:
        return Algorithm(at, name, key(key_at), msgspec.structs.replace(key_at, kind=Kind.KEY))
    return Algorithm(at, name, key(key_at), key_at)


def _check_des_variant(enc: Algorithm, *, old: bool) -> None:
    """Keep des-deriv to esp and des-32iv to esp-old, as setkey does."""
    if enc.name == "des-deriv" and old:
        raise enc.at.fault("des-deriv does not go with esp-old")
    if enc.name == "des-32iv" and not old:
        raise enc.at.fault("des-32iv goes with esp-old alone")
