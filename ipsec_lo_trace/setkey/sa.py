"""Read the commands about SAs, and the extensions of ``add``.

Source: sbin/setkey/parse.y, add_command to dump_command, and extension.
"""

from __future__ import annotations

from ipaddress import IPv4Address

import msgspec

from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import Add, Algorithm, Delete, DeleteAll, Extensions, Flush, SaName, Show
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import IPV4_ONLY, host, key, number, spi
from ipsec_lo_trace.setkey.words import AALGS, CALGS, EALGS, KEYLESS_AALGS, KEYLESS_EALGS, nearest

_PROTOCOLS = {
    "esp": (IPPROTO_ESP, False),
    "ah": (IPPROTO_AH, False),
    "esp-old": (IPPROTO_ESP, True),
    "ah-old": (IPPROTO_AH, True),
    "ipcomp": (IPPROTO_IPCOMP, False),
}
_END_HINT = "every command ends with one"


def add(stream: Stream, at: Token) -> Add:
    """Read ``add``, of which this was the first word."""
    name = _sa_name(stream)
    given, notes = extensions(stream, old=name.old)
    enc = auth = comp = None
    raw_cpi = False
    if stream.accept("-C"):
        comp = _algorithm(stream, CALGS, CALGS, "a compression algorithm")
        raw_cpi = stream.accept("-R") is not None
    else:
        enc, auth = _algorithms(stream, old=name.old)
    _end(stream)
    return Add(at=at, sa=name, extensions=given, enc=enc, auth=auth, comp=comp, raw_cpi=raw_cpi, notes=notes)


def delete(stream: Stream, at: Token) -> Delete:
    """Read ``delete``."""
    name = _sa_name(stream)
    given, _notes = extensions(stream, old=name.old)
    _end(stream)
    notes = (at.note("the mode says nothing in delete"),) if given.mode is not Mode.ANY else ()
    return Delete(at=at, sa=name, notes=notes)


def deleteall(stream: Stream, at: Token) -> DeleteAll:
    """Read ``deleteall``."""
    src, dst = _ends(stream)
    proto = _protocol(stream)[0]
    _end(stream)
    return DeleteAll(at=at, src=src, dst=dst, proto=proto)


def get(stream: Stream, at: Token) -> Show:
    """Read ``get``."""
    name = _sa_name(stream)
    extensions(stream, old=name.old)
    _end(stream)
    return ignored(at)


def flush(stream: Stream, at: Token) -> Flush:
    """Read ``flush``."""
    proto = _protocol(stream)[0]
    _end(stream)
    return Flush(at=at, proto=proto)


def dump(stream: Stream, at: Token) -> Show:
    """Read ``dump``."""
    _protocol(stream)
    _end(stream)
    return ignored(at)


def ignored(at: Token) -> Show:
    """Make a command that would print something, with a note that it does not."""
    return Show(at=at, notes=(at.note(f"{at} is ignored: it would only print"),))


def numbers_only(stream: Stream) -> bool:
    """Read -4, -6 and -n; tell whether there was an -n."""
    numeric = False
    while stream.peek.kind is Kind.FLAG and set(stream.peek.text) <= set("-n46"):
        option = stream.take()
        if "6" in option.text:
            raise option.fault(f"{option} asks for IPv6, and {IPV4_ONLY}")
        numeric = numeric or "n" in option.text
    return numeric


def _end(stream: Stream) -> None:
    stream.expect(";", _END_HINT)


def _ends(stream: Stream) -> tuple[IPv4Address, IPv4Address]:
    names = not numbers_only(stream)
    return host(stream.take(), names=names), host(stream.take(), names=names)


def _protocol(stream: Stream) -> tuple[int | None, bool]:
    """Read a protocol, if one is there; give it and whether it is of the old kind."""
    if stream.peek.kind is not Kind.WORD:
        return None, False
    return _PROTOCOLS[stream.word(tuple(_PROTOCOLS), "esp, ah, ipcomp, esp-old or ah-old").text]


def _sa_name(stream: Stream) -> SaName:
    src, dst = _ends(stream)
    proto_at = stream.peek
    proto, old = _protocol(stream)
    spi_at = stream.take()
    return SaName(src=src, dst=dst, proto=proto, proto_at=proto_at, old=old, spi=spi(spi_at), spi_at=spi_at)


def _algorithms(stream: Stream, *, old: bool) -> tuple[Algorithm | None, Algorithm | None]:
    """Read -E and -A, in this order, at least one of them."""
    enc = auth = None
    if stream.accept("-E"):
        enc = _algorithm(stream, EALGS, KEYLESS_EALGS, "an encryption algorithm")
        _check_des_variant(enc, old=old)
    if enc is None and not stream.peek.is_("-A"):
        raise stream.unexpected("an algorithm", "-E for esp, -A for ah or in addition to -E, -C for ipcomp")
    if stream.accept("-A"):
        auth = _algorithm(stream, AALGS, KEYLESS_AALGS, "an authentication algorithm")
    if stream.peek.kind is Kind.FLAG:
        reason = f"{stream.peek} cannot come behind an algorithm"
        raise stream.peek.fault(reason, "the order is: -m -u -r -lh -ls -f, then -E, then -A")
    return enc, auth


def _algorithm(stream: Stream, known: tuple[str, ...], keyless: tuple[str, ...], what: str) -> Algorithm:
    at = stream.peek
    if at.kind is Kind.WORD and at.text not in known:
        raise at.fault(f"{at} is not {what} of setkey(8) in 2003", _other(at, known))
    name = stream.word(known, what).text
    has_key = stream.peek.kind in (Kind.QUOTED, Kind.HEX)
    if name in keyless:
        if has_key:
            raise stream.peek.fault(f"{name} takes no key")
        return Algorithm(at, name, b"", None)
    if not has_key:
        raise stream.peek.fault(f"{name} needs a key", "in quotes, or as digits behind 0x")
    key_at = stream.take()
    if key_at.kind is Kind.HEX:
        return Algorithm(at, name, key(key_at), msgspec.structs.replace(key_at, kind=Kind.KEY))
    return Algorithm(at, name, key(key_at), key_at)


def _other(at: Token, known: tuple[str, ...]) -> str:
    return nearest(at.text, known) or f"there are {', '.join(known)}"


def _check_des_variant(enc: Algorithm, *, old: bool) -> None:
    """Keep des-deriv to esp and des-32iv to esp-old, as setkey does."""
    if enc.name == "des-deriv" and old:
        raise enc.at.fault("des-deriv does not go with esp-old")
    if enc.name == "des-32iv" and not old:
        raise enc.at.fault("des-32iv goes with esp-old alone")


_MODES = {"transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL, "any": Mode.ANY}
_FLAGS = ("random-pad", "seq-pad", "zero-pad", "nocyclic-seq")
_OPTIONS = ("-m", "-u", "-r", "-lh", "-ls", "-f")


def extensions(stream: Stream, *, old: bool) -> tuple[Extensions, tuple[str, ...]]:
    """Read them all, the last of a kind winning; give notes as well."""
    given = Extensions()
    notes: list[str] = []
    while stream.peek.kind is Kind.FLAG and stream.peek.text in _OPTIONS:
        option = stream.take()
        if option.is_("-m"):
            given.mode = _MODES[stream.word(tuple(_MODES), "transport, tunnel or any").text]
        elif option.is_("-u"):
            given.reqid = number(stream.take(), "a reqid")
        elif option.is_("-r"):
            given.replay = _replay(option, stream.take(), notes, old=old)
        elif option.is_("-f"):
            _flag(stream, given)
        else:
            _lifetime(option, stream.take(), given)
    return given, tuple(notes)


def _replay(option: Token, token: Token, notes: list[str], *, old: bool) -> int:
    """Read the replay window's size in bytes of bitmap."""
    if old:
        raise option.fault("-r does not go with esp-old or ah-old", "they have no sequence number")
    asked = number(token, "a replay window")
    # KERNEL: struct sadb_sa has 8 bits for it, and setkey does not look.
    sent = asked & 0xFF
    if sent != asked:
        notes.append(option.note(f"-r {asked} is sent in 8 bits, as -r {sent}"))
    return sent


def _flag(stream: Stream, given: Extensions) -> None:
    flag = stream.word(_FLAGS, "a flag")
    if flag.is_("nocyclic-seq"):
        given.cyclic = False
        return
    if flag.is_("seq-pad"):
        # KERNEL: SADB_X_EXT_PSEQ is 0, so it does not undo another padding flag.
        return
    padding = flag.text.removesuffix("-pad")
    if given.padding not in ("seq", padding):
        reason = "with random-pad and zero-pad the 2003 kernel leaves the padding to chance"
        raise flag.fault(reason, "take one")
    given.padding = padding


def _lifetime(option: Token, token: Token, given: Extensions) -> None:
    given.lifetime_at = option
    if option.is_("-lh"):
        given.hard = number(token, "a lifetime")
    else:
        given.soft = number(token, "a lifetime")
