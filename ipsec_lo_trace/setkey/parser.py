"""Read the commands of a setkey(8) text, one at a time.

Source: sbin/setkey/parse.y of 2003.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ipsec_lo_trace.setkey import sa, sp
from ipsec_lo_trace.setkey.commands import Command
from ipsec_lo_trace.setkey.lexer import lex
from ipsec_lo_trace.setkey.stream import Stream
from ipsec_lo_trace.setkey.tokens import Token
from ipsec_lo_trace.setkey.words import COMMANDS

_READERS: dict[str, Callable[[Stream, Token], Command]] = {
    "add": sa.add,
    "get": sa.get,
    "delete": sa.delete,
    "deleteall": sa.deleteall,
    "flush": sa.flush,
    "dump": sa.dump,
    "spdadd": sp.spdadd,
    "spddelete": sp.spddelete,
    "spddump": sp.spddump,
    "spdflush": sp.spdflush,
}


def parse(text: str, file: str) -> Iterator[Command]:
    """Yield the commands; UserError at the first thing that setkey(8) would not take.

    Nothing behind a command is looked at before the next one is asked for.
    """
    stream = Stream(lex(text, file))
    while not stream.ended():
        at = stream.word(COMMANDS, "a command")
        yield _READERS[at.text](stream, at)
