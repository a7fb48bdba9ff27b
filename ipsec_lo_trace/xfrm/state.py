"""An entry of ``ip xfrm state`` as an SA."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.host import UPPER_ANY, Address, HostSa
from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP, PROTO_NAMES
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.algorithms import auth, cipher, combined, compression
from ipsec_lo_trace.xfrm.lines import TORN, Entry, Words
from ipsec_lo_trace.xfrm.numbering import Fields, Lines, flag_lines, highs, numbering, strange_flags
from ipsec_lo_trace.xfrm.selector import selector
from ipsec_lo_trace.xfrm.values import MAX_16_BITS, address, needed, number, pairs, protocol
from ipsec_lo_trace.xfrm.words import COUNTS, IPSEC, MODES, SA_LINES, UNSEEN

_SHUT = "packets of this SA are not opened"
LEFT_OUT = "SA left out"
_MOBILE = ("route2", "hao")
"""The states of Mobile IPv6, by protocol."""
_ALGORITHMS = {"auth": auth, "auth-trunc": auth, "enc": cipher, "aead": combined, "comp": compression}
_NEEDED = {
    IPPROTO_ESP: (("enc",), ("aead",), ("enc", "auth"), ("enc", "auth-trunc")),
    IPPROTO_AH: (("auth",), ("auth-trunc",)),
    IPPROTO_IPCOMP: (("comp",),),
}
"""The lines of algorithms that an SA of each protocol can have."""


class Identity(NamedTuple):
    """What Linux finds an SA by.  Source: Linux, net/xfrm/xfrm_state.c, __xfrm_state_lookup."""

    proto: int
    dst: Address
    spi: int
    mark: tuple[str, ...]

    def __str__(self) -> str:
        return f"{PROTO_NAMES[self.proto]} 0x{self.spi:08x} to {self.dst}"


def association(entry: Entry, notes: list[str]) -> tuple[Identity, HostSa] | None:
    """Make the SA of an entry; ``notes`` say what of it is not read.

    None, with a note, for what seals no packet: a state of another protocol, an SA not yet agreed upon.
    UserError if protocol, SPI or ends cannot be read.  Of an opaque SA no more than that may be known.
    """
    if not entry.head:
        raise entry.at.fault("an SA whose first line is not there")
    faults: list[UserError] = []
    lines, unread = _sorted(entry)
    fields: Fields = {}
    idle = _of_another_protocol(lines)
    if idle is None:
        fields = _named(entry.head, lines, faults)
        idle = None if unread else _not_agreed(entry.at, lines, fields)
    if idle is not None:
        notes.append(f"{idle}: {LEFT_OUT}")
        return None
    for step in (_keys, numbering, _wrapping, _inner):
        fields |= _tried(step, lines, fields, faults)
    if unread and not faults and not _is_whole(lines, fields):
        faults.append(unread)
    if unread and unread not in faults:
        notes.append(f"{unread}: line left out")
    if faults:
        notes.append(f"{faults[0]}: {_SHUT}")
        fields["opaque"] = faults[0].reason
    else:
        _unseen(lines, fields, notes)
    mark = tuple(word.text for words in lines.get("mark", ()) for word in words[1:2])
    return Identity(fields["proto"], fields["dst"], fields["spi"], mark), HostSa(**fields)


def _tried(
    step: Callable[[Lines, Fields], Fields], lines: Lines, fields: Fields, faults: list[UserError]
) -> Fields:
    try:
        return step(lines, fields)
    except UserError as error:
        faults.append(error)
        return {}


def _sorted(entry: Entry) -> tuple[Lines, UserError | None]:
    """Give the lines by their first word, since their order says nothing; and what else stands there."""
    lines: Lines = {}
    unknown = [words[0] for words in entry.gaps]
    for words in entry.lines:
        at = words[0]
        if at.text in SA_LINES:
            lines.setdefault(at.text, []).append(words)
        elif not COUNTS.fullmatch(at.text):
            unknown.append(at)
    if unknown:
        also = f" (and {len(unknown) - 1} more)" if len(unknown) > 1 else ""
        return lines, unknown[0].fault(f"{unknown[0]}{also} is not known in an SA")
    if entry.is_torn:
        return lines, entry.at.fault(TORN)
    return lines, None


def _is_whole(lines: Lines, fields: Fields) -> bool:
    """Tell whether nothing that packets are opened with can be in a line that is not read."""
    is_numbered = bool(flag_lines(lines))
    if fields["proto"] == IPPROTO_IPCOMP:
        return is_numbered
    has_highs = fields.get("seq_hi") is None or bool(highs(lines))
    return is_numbered and has_highs and bool(fields.get("cuts"))


def _of_another_protocol(lines: Lines) -> UserError | None:
    """Tell of a state that is not of IPsec; a word that is no protocol may have been one of IPsec."""
    word = next((word for words in lines.get("proto", ()) for word in words[1:2]), None)
    try:
        if word is None or (word.text not in _MOBILE and protocol(word) in IPSEC.values()):
            return None
    except UserError:
        return None
    return word.fault(f"a state of protocol {word}, not of IPsec")


def _named(head: Words, lines: Lines, faults: list[UserError]) -> Fields:
    """Read what an SA is found by, and its mode; UserError where even that cannot be read."""
    at = head[0]
    if "proto" not in lines:
        raise at.fault("the SA has no line with its protocol")
    ends, fault = pairs(head, ("src", "dst"))
    src, dst = address(needed(ends, "src", at)), address(needed(ends, "dst", at))
    if src.version != dst.version:
        raise ends["dst"].fault("src and dst are of two families")
    (words, *twice) = lines["proto"]
    names, other = pairs(words, ("proto", "spi", "reqid", "mode"))
    proto = needed(names, "proto", at)
    if proto.text not in IPSEC:
        raise proto.fault(f"{proto} where esp, ah or comp should be")
    fields: Fields = {"proto": IPSEC[proto.text], "src": src, "dst": dst, "mode": "any"}
    fields["spi"] = number(needed(names, "spi", at), "an SPI")
    faults += [one for one in (fault, other) if one]
    faults += [line[0].fault("proto stands here twice") for line in twice[:1]]
    try:
        fields["reqid"] = number(names["reqid"], "a reqid") if "reqid" in names else 0
        mode = needed(names, "mode", at)
        if mode.text not in MODES:
            raise mode.fault(f"mode {mode} is not known")
        fields["mode"] = mode.text
    except UserError as error:
        faults.append(error)
    return fields


def _not_agreed(at: Token, lines: Lines, fields: Fields) -> UserError | None:
    """Tell of a larval SA, which Linux lists while a key daemon has it under way."""
    if not any(name in lines for name in _ALGORITHMS):
        return at.fault("an SA without an algorithm, not yet agreed upon")
    if not fields["spi"]:
        return at.fault("an SA without an SPI, not yet agreed upon")
    return None


def _keys(lines: Lines, fields: Fields) -> Fields:
    """Read the lines with algorithms."""
    found = {name: lines[name] for name in _ALGORITHMS if name in lines}
    for name, several in found.items():
        if len(several) > 1:
            raise several[1][0].fault(f"{name} stands here twice")
    if not found:
        raise lines["proto"][0][0].fault("an SA without an algorithm")
    read = {name: _ALGORITHMS[name](words) for name, (words,) in found.items()}
    at = next(iter(found.values()))[0][0]
    if not any(set(read) == set(names) for names in _NEEDED[fields["proto"]]):
        name = PROTO_NAMES[fields["proto"]]
        raise at.fault(f"{' and '.join(read)} is not what {name} needs")
    keys = {key: value for one in read.values() for key, value in one.items()}
    if fields["proto"] == IPPROTO_AH and not keys["cuts"]:
        raise at.fault("an AH that does not authenticate")
    return keys


def _wrapping(lines: Lines, _fields: Fields) -> Fields:
    """Read the ports of ESP in UDP (RFC 3948), 0 being any; refuse what is wrapped into more."""
    ports: dict[int, None] = {}
    for words in lines.get("encap", ()):
        names, fault = pairs(words[1:], ("type", "sport", "dport", "addr"))
        if fault:
            raise fault
        kind = needed(names, "type", words[0])
        if kind.text != "espinudp":
            raise kind.fault(f"packets in {kind} are not read")
        named = (names[name] for name in ("sport", "dport") if name in names)
        ports |= dict.fromkeys(number(word, "a port", MAX_16_BITS) for word in named)
    return {"udp_ports": tuple(port for port in ports if port)}


def _inner(lines: Lines, fields: Fields) -> Fields:
    """Read the ends inside a BEET SA, which its selector has."""
    if fields["mode"] != "beet":
        return {}
    chosen = [selector(words[1:], words[0]) for words in lines.get("sel", ())]
    if len(chosen) != 1 or chosen[0].faults or chosen[0].ends is None:
        raise lines["proto"][0][0].fault("a BEET SA whose selector names no two addresses")
    return {"inner": chosen[0].ends}


def _unseen(lines: Lines, fields: Fields, notes: list[str]) -> None:
    """Tell what an SA has that is not looked at."""
    unseen = [(words[0], name) for first, name in UNSEEN.items() for words in lines.get(first, ())]
    notes += [str(at.fault(f"the SA's {name} is not looked at: no capture shows it")) for at, name in unseen]
    strange = strange_flags(lines)
    notes += [str(flag.fault(f"{flag} is not a flag that is known: left out")) for flag in strange[:1]]
    if fields["mode"] == "beet":
        return
    for words in lines.get("sel", ()):
        chosen = selector(words[1:], words[0])
        wide = chosen.src and chosen.dst and not chosen.src.prefixlen and not chosen.dst.prefixlen
        narrow = chosen.faults or chosen.upper != UPPER_ANY or chosen.dev
        if narrow or not (wide or chosen.ends == (fields["src"], fields["dst"])):
            notes.append(str(words[0].fault("the SA's own selector is not looked at")))
