"""An entry of ``ip xfrm state`` as an SA."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec

from ipsec_lo_trace.model.proto import IPPROTO_AH, IPPROTO_ESP, IPPROTO_IPCOMP
from ipsec_lo_trace.model.sa import Mode, Replay, SaIndex, SecurityAssociation
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.xfrm.algorithms import DELETE, Algorithm, auth, cipher, compression
from ipsec_lo_trace.xfrm.lines import Entry
from ipsec_lo_trace.xfrm.values import address, needed, number, pairs, selector_words

PROTOCOLS = {"esp": IPPROTO_ESP, "ah": IPPROTO_AH, "comp": IPPROTO_IPCOMP}
MODES = {"transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL}
OF_NO_USE = frozenset(
    (
        *("lifetime", "limit:", "expire", "add", "lastused", "stats:", "security", "crypto", "dir"),
        *("anti-replay", "seq-hi", "replay_window", "coa", "tfcpad", "output-mark", "pcpu-num"),
    )
)
"""The first words of lines that change nothing here."""
COUNTS = re.compile(r"[0-9]+\(bytes\),|[0-9a-fA-F]{8}")
"""The first word of a lifetime's counts, or of a replay window's bitmap."""
_EVERYTHING = "0.0.0.0/0"


class _Found(msgspec.Struct):
    """What the lines of one SA have said so far."""

    names: dict[str, Token] = msgspec.field(default_factory=dict)
    enc: Algorithm | None = None
    auth: Algorithm | None = None
    comp: Algorithm | None = None
    window: int | None = None
    notes: list[str] = msgspec.field(default_factory=list)


def association(entry: Entry, notes: list[str]) -> SecurityAssociation | None:
    """Make the SA of an entry, None if it is left out, which ``notes`` then says; UserError for a mistake."""
    at = entry.head[0]
    ends = pairs(entry.head, ("src", "dst"))
    if any(":" in word.text for word in ends.values()):
        notes.append(at.note("an IPv6 SA, left out"))
        return None
    found = _Found()
    for words in entry.lines:
        _read(words, found)
    made = _made(at, ends, found)
    if made is None:
        notes.append(at.note("an SA without an algorithm, not yet agreed upon: left out"))
        return None
    notes += found.notes
    return made


def _made(at: Token, ends: dict[str, Token], found: _Found) -> SecurityAssociation | None:
    names = found.names
    proto, mode = needed(names, "proto", at), needed(names, "mode", at)
    if proto.text not in PROTOCOLS:
        raise proto.fault(f"{proto} where esp, ah or comp should be", DELETE)
    if mode.text not in MODES:
        raise mode.fault(f"mode {mode} is not modelled", DELETE)
    spi = number(needed(names, "spi", at), "an SPI")
    reqid = number(names["reqid"], "a reqid") if "reqid" in names else 0
    src, dst = address(needed(ends, "src", at)), address(needed(ends, "dst", at))
    index = SaIndex(PROTOCOLS[proto.text], MODES[mode.text], reqid, src, dst)
    algorithms = _algorithms(index.proto, found)
    if algorithms is None:
        return None
    enc, mac = algorithms
    if index.proto == IPPROTO_AH and not mac.name:
        raise proto.fault("AH must authenticate", DELETE)
    replay = Replay(-(-(found.window or 0) // 8))
    return SecurityAssociation(index, spi, enc.name, enc.key, mac.name, mac.key, replay=replay)


def _algorithms(proto: int, found: _Found) -> tuple[Algorithm, Algorithm] | None:
    """Return what encrypts or compresses and what authenticates; None without what the protocol must have."""
    if proto == IPPROTO_AH:
        return (Algorithm(), found.auth) if found.auth else None
    if proto == IPPROTO_IPCOMP:
        return (found.comp, Algorithm()) if found.comp else None
    return (found.enc, found.auth or Algorithm()) if found.enc else None


def _read(words: list[Token], found: _Found) -> None:
    """Take in one line."""
    at = words[0]
    if at.text in _READERS:
        _READERS[at.text](words, found)
    elif at.text not in OF_NO_USE and not COUNTS.fullmatch(at.text):
        raise at.fault(f"{at} is not known in an SA", "delete the line if it does not matter")


def _names(words: list[Token], found: _Found) -> None:
    found.names = pairs(words, ("proto", "spi", "reqid", "mode"))


def _auth(words: list[Token], found: _Found) -> None:
    found.auth = auth(words)


def _enc(words: list[Token], found: _Found) -> None:
    found.enc = cipher(words)


def _comp(words: list[Token], found: _Found) -> None:
    found.comp = compression(words)


def _aead(words: list[Token], _found: _Found) -> None:
    raise words[0].fault("ciphers that authenticate too are not modelled", DELETE)


def _encap(words: list[Token], _found: _Found) -> None:
    raise words[0].fault("ESP inside UDP is not modelled", DELETE)


def _unseen(words: list[Token], found: _Found) -> None:
    found.notes.append(words[0].note(f"the SA's {words[0]} is not looked at: a capture does not show it"))


def _replay(words: list[Token], found: _Found) -> None:
    if found.window is not None:
        # The statistics of -s have a line that begins with the same word.
        return
    texts = [word.text for word in words]
    if "esn" in texts:
        raise words[texts.index("esn")].fault("extended sequence numbers are not modelled", DELETE)
    found.window = number(pairs(words[:2], ("replay-window",))["replay-window"], "a replay window")


def _selector(words: list[Token], found: _Found) -> None:
    names = selector_words(words[1:])
    if any(name != "uid" and value.text != _EVERYTHING for name, value in names.items()):
        found.notes.append(words[0].note("the SA's own selector is not looked at"))


_READERS: dict[str, Callable[[list[Token], _Found], None]] = {
    "proto": _names,
    "replay-window": _replay,
    "auth": _auth,
    "auth-trunc": _auth,
    "enc": _enc,
    "comp": _comp,
    "aead": _aead,
    "encap": _encap,
    "mark": _unseen,
    "if_id": _unseen,
    "sel": _selector,
}
