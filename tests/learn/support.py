"""The lessons' answers as a person states them, and a terminal at which they are given."""

from __future__ import annotations

import os
import pty
import select
import sys
from collections.abc import Iterator
from typing import NamedTuple

from tests.cli.support import ROOT, VARIABLES

OUT = "spdadd 10.9.9.1 10.9.9.2 any -P out ipsec esp/transport//require ;"
BACK = "spdadd 10.9.9.2 10.9.9.1 any -P out ipsec esp/transport//require ;"


class Stated(NamedTuple):
    """A right answer, a wrong one, and words that explain the wrong one."""

    right: str
    wrong: str
    explained: str


STATED = {
    "crossing": Stated("esp icmp", "esp esp", "stale OUT_DONE: no IPsec"),
    "cause": Stated("16", "18", "the reply inherits the request's marks"),
    "mark": Stated("M_DECRYPTED", "in_done", "M_DECRYPTED made for P1 in row 12"),
    "strip": Stated("c e / a", "b c / e", "e tags@looutput: enough"),
    "reflector": Stated("ESP, ESP", "esp icmp", "policy: ESP, not done yet"),
    "reset": Stated("b d", "a b d", "same mbuf, 3 marks STALE"),
    "policy": Stated(f"{OUT} {BACK}", OUT, "no policy asks for IPsec"),
    "capture": Stated("6", "1 2 6 7 8", "reply-in-clear-2003"),
}
"""Read off the published trace, the mail of 2003 and the setkey(8) manual, not off the lessons."""


def at_terminal(name: str, *typed: bytes) -> tuple[int, str]:
    """Play a lesson at a terminal, an input at each prompt; return the exit code and what was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        for variable in VARIABLES:
            os.environ.pop(variable, None)
        os.environ["TERM"] = "xterm"
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-m", "ipsec_lo_trace", "learn", name])  # noqa: S606 -- ours
    shown = ""
    for line in typed:
        shown += "".join(_until_prompt(terminal))
        os.write(terminal, line)
    shown += "".join(_rest(terminal))
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r\n", "\n")


def _until_prompt(terminal: int) -> Iterator[str]:
    seen = ""
    while not seen.endswith("\n> "):
        assert select.select([terminal], [], [], 60)[0], f"no prompt behind {seen!r}"
        seen += (more := os.read(terminal, 1 << 16).decode())
        yield more


def _rest(terminal: int) -> Iterator[str]:
    data = b""
    try:
        while more := os.read(terminal, 1 << 16):
            data += more
    except OSError:  # Linux's way to say that nobody has the other end
        pass
    yield data.decode()
