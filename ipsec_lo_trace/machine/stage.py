"""Stages: how one names another without importing it, and what it may say at its end.

A stage's verdict says where the packet goes, by which transfer, or how its path ends.  The kernel's control
flow has these kinds of transfer; a Python call stack would hide them.  A verdict is part of no cycle, so the
garbage collector may ignore it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

import msgspec

from ipsec_lo_trace.model.codes import Decision, Errno, Reason
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf

A = TypeVar("A")
K = TypeVar("K")

Via = Literal["syscall", "call", "pr_input", "xf_input", "xf_output", "crypto", "netisr", "if_output"]
"""The kinds of transfer: what brings a packet to a stage."""
SYSCALL: Final = "syscall"
CALL: Final = "call"
PR_INPUT: Final = "pr_input"
XF_INPUT: Final = "xf_input"
XF_OUTPUT: Final = "xf_output"
CRYPTO: Final = "crypto"
NETISR: Final = "netisr"
IF_OUTPUT: Final = "if_output"

ASYNCHRONOUS: frozenset[Via] = frozenset({CRYPTO, NETISR})
"""Transfers that leave the caller: an error after one of them is lost to the system call that began it."""


class Symbol(msgspec.Struct, Generic[A], frozen=True):
    """A stage's name and the kernel file that defines it; ``A`` is what it takes beside the mbuf."""

    name: str
    file: str


class Returned(msgspec.Struct, frozen=True, gc=False):
    """The counters that a caller moves when the callee has returned: 0, or an errno."""

    succeeded: tuple[str, ...]
    failed: tuple[str, ...] = ()


class HandOff(msgspec.Struct, gc=False):
    """Pass the packet on to ``to`` by the transfer ``via``; stages make it with ``hand_off``.

    ``decision`` is one word for the choice made here, "" if there was none; ``text`` says why.  ``hides`` is
    the errno that the caller turns into 0 if the callee returns it, ``returned`` what it counts then.
    """

    to: Symbol[Any]
    via: Via
    m: Mbuf
    args: Any
    text: str
    decision: Decision = ""
    hides: Errno = ""
    returned: Returned | None = None


class _HandsOff(Protocol):
    """HandOff's constructor, with arguments that are those of the symbol.

    ``A`` stands among the parameters only.  With a generic HandOff the type that a stage returns would decide
    it, and any arguments would do.
    """

    def __call__(  # noqa: PLR0913, PLR0917 -- HandOff's own
        self,
        to: Symbol[A],
        via: Via,
        m: Mbuf,
        args: A,
        text: str,
        decision: Decision = "",
        hides: Errno = "",
        returned: Returned | None = None,
    ) -> HandOff: ...


hand_off: _HandsOff = HandOff
"""Make a HandOff; the type checker holds the arguments against the symbol."""


class Split(msgspec.Struct, gc=False):
    """Pass several packets on, in this order (ip_fragment)."""

    parts: list[HandOff]
    text: str
    decision: Decision = ""


class Drop(msgspec.Struct, gc=False):
    """Free the packet because something was wrong with it.

    ``reason`` is a stable code, ``errno`` what the function returns, "" for none.
    """

    reason: Reason
    errno: Errno
    text: str
    decision: Decision = "drop"


class Keep(msgspec.Struct, gc=False):
    """Keep the packet inside the kernel (a fragment that waits for the others)."""

    text: str
    decision: Decision = "keep"


class Deliver(msgspec.Struct, gc=False):
    """Give the packet's payload to a socket."""

    to: str
    text: str
    decision: Decision = "deliver"


class Panic(msgspec.Struct, gc=False):
    """Stop the kernel."""

    reason: Reason
    text: str
    decision: Decision = "panic"


Verdict = HandOff | Split | Drop | Keep | Deliver | Panic
StageFunction = Callable[[Any, Mbuf, Any], Verdict]


class Stage(msgspec.Struct, frozen=True):
    """A stage's function with the symbols that it may hand off to."""

    symbol: Symbol[Any]
    function: StageFunction
    may_reach: frozenset[str]


LinkTable = Mapping[str, Stage]

STAGE_ATTRIBUTE = "__stage__"


def stage(
    symbol: Symbol[A], *may_reach: Symbol[Any]
) -> Callable[[Callable[[K, Mbuf, A], Verdict]], Callable[[K, Mbuf, A], Verdict]]:
    """Declare a function to be the stage behind ``symbol``, handing off only to ``may_reach``."""

    def declare(function: Callable[[K, Mbuf, A], Verdict]) -> Callable[[K, Mbuf, A], Verdict]:
        names = frozenset(reached.name for reached in may_reach)
        setattr(function, STAGE_ATTRIBUTE, Stage(symbol, function, names))
        return function

    return declare


def link(*functions: StageFunction) -> LinkTable:
    """Make the link table of a kernel from its stage functions.

    Raises BrokenInvariantError if a function is no stage, or a stage may reach a symbol that is not linked.
    """
    stages: list[Stage] = []
    for function in functions:
        declared = getattr(function, STAGE_ATTRIBUTE, None)
        if declared is None:
            msg = f"{getattr(function, '__qualname__', function)} is not declared as a stage"
            raise BrokenInvariantError(msg)
        stages.append(declared)
    table = {declared.symbol.name: declared for declared in stages}
    for declared in stages:
        missing = sorted(declared.may_reach - table.keys())
        if missing:
            msg = f"{declared.symbol.name} may hand off to {', '.join(missing)}, which nothing defines"
            raise BrokenInvariantError(msg)
    return table
