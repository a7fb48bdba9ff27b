"""Read -m, -u, -r, -lh, -ls and -f.

Source: sbin/setkey/parse.y, extension.
"""

from __future__ import annotations

from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import Extensions
from ipsec_lo_trace.setkey.stream import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import number

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
