"""Read the extensions of ``add``: what stands between an SA's SPI and its algorithms.

Source: sbin/setkey/parse.y, extension; for the later ones FreeBSD's and ipsec-tools'.
"""

from __future__ import annotations

from ipsec_lo_trace.model.sa import Mode
from ipsec_lo_trace.setkey.commands import Extensions
from ipsec_lo_trace.setkey.lexer import Stream
from ipsec_lo_trace.setkey.tokens import Kind, Token
from ipsec_lo_trace.setkey.values import number, numeric_host, port
from ipsec_lo_trace.setkey.words import LATER_OPTIONS

_MODES = {"transport": Mode.TRANSPORT, "tunnel": Mode.TUNNEL, "any": Mode.ANY}
_FLAGS = ("random-pad", "seq-pad", "zero-pad", "nocyclic-seq")
_OPTIONS = ("-m", "-u", "-r", "-lh", "-ls", "-f", *LATER_OPTIONS)


def extensions(stream: Stream, *, old: bool) -> Extensions:
    """Read them all, the last of a kind winning."""
    given = Extensions()
    while stream.peek.kind is Kind.FLAG and stream.peek.text in _OPTIONS:
        option = stream.take()
        if option.is_("-m"):
            given.mode = _MODES[stream.word(tuple(_MODES), "transport, tunnel or any").text]
        elif option.is_("-u"):
            given.reqid = number(stream.take(), "a reqid")
        elif option.is_("-r"):
            _replay(option, stream.take(), given, old=old)
        elif option.is_("-f"):
            _flag(stream, given)
        elif option.text in LATER_OPTIONS:
            _later(option, stream, given)
        else:
            _lifetime(option, stream.take(), given)
    return given


def _replay(option: Token, token: Token, given: Extensions, *, old: bool) -> None:
    """Read the replay window's size in bytes of bitmap."""
    if old:
        raise option.fault("-r does not go with esp-old or ah-old", "they have no sequence number")
    given.replay = number(token, "a replay window")
    given.replay_at = option


def _flag(stream: Stream, given: Extensions) -> None:
    flag = stream.word(_FLAGS, "a flag")
    if flag.is_("nocyclic-seq"):
        given.cyclic = False
    elif not flag.is_("seq-pad"):
        # KERNEL: SADB_X_EXT_PSEQ is 0, so seq-pad does not undo another padding flag.
        given.padding.setdefault(flag.text.removesuffix("-pad"), flag)


def _lifetime(option: Token, token: Token, given: Extensions) -> None:
    given.lifetime_at = option
    if option.is_("-lh"):
        given.hard = number(token, "a lifetime")
    else:
        given.soft = number(token, "a lifetime")


def _later(option: Token, stream: Stream, given: Extensions) -> None:
    """Read an extension that came after 2003; of most no capture shows anything."""
    if option.is_("-esn"):
        given.esn = True
    elif option.is_("-ctx"):
        given.context = context(option, stream)
    elif option.is_("-hwif"):
        stream.take()
    elif option.is_("-natt"):
        given.udp_ports = _natt_end(stream), _natt_end(stream)
    else:
        number(stream.take(), "a number of bytes")


def _natt_end(stream: Stream) -> int:
    """Read an address with a port behind it; give the port."""
    numeric_host(stream.take())
    stream.expect("[")
    found = port(stream.take(), stream.dialect)
    stream.expect("]")
    return found


def context(option: Token, stream: Stream) -> Token:
    """Read the security context behind -ctx: two numbers and a label; give the option's place."""
    number(stream.take(), "a domain of interpretation")
    number(stream.take(), "an algorithm of the context")
    if stream.peek.kind is not Kind.QUOTED:
        raise stream.unexpected("a label in quotes")
    stream.take()
    return option
