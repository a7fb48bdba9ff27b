"""What a stage may say at its end: where the packet goes, by which transfer, or how its path ends.

The kernel's control flow has these kinds of transfer; a Python call stack would hide them.  A verdict is part
of no cycle, so the garbage collector may ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

if TYPE_CHECKING:
    from ipsec_lo_trace.machine.symbols import Symbol
    from ipsec_lo_trace.model.mbuf import Mbuf

A = TypeVar("A")

SYSCALL = "syscall"
CALL = "call"
PR_INPUT = "pr_input"
XF_INPUT = "xf_input"
XF_OUTPUT = "xf_output"
CRYPTO = "crypto"
NETISR = "netisr"
IF_OUTPUT = "if_output"
SOCKET = "socket"

ASYNCHRONOUS = frozenset({CRYPTO, NETISR})
"""Transfers that leave the caller: an error after one of them is lost to the system call that began it."""


class HandOff(msgspec.Struct, Generic[A], gc=False):
    """Pass the packet on to ``to`` by the transfer ``via``.

    ``decision`` is one word for the choice made here, "" if there was none; ``text`` says why.  ``hides`` is
    the errno that the caller turns into 0 if the callee returns it.
    """

    to: Symbol[A]
    via: str
    m: Mbuf
    args: A
    text: str
    decision: str = ""
    hides: str = ""


class Split(msgspec.Struct, gc=False):
    """Pass several packets on, in this order (ip_fragment)."""

    parts: list[HandOff[Any]]
    text: str
    decision: str = ""


class Drop(msgspec.Struct, gc=False):
    """Free the packet because something was wrong with it.

    ``reason`` is a stable code, ``errno`` what the function returns, "" for none.
    """

    reason: str
    errno: str
    text: str
    decision: str = "drop"


class Keep(msgspec.Struct, gc=False):
    """Keep the packet inside the kernel (a fragment that waits for the others)."""

    text: str
    decision: str = "keep"


class Deliver(msgspec.Struct, gc=False):
    """Give the packet's payload to a socket."""

    to: str
    text: str
    decision: str = "deliver"


class Panic(msgspec.Struct, gc=False):
    """Stop the kernel."""

    reason: str
    text: str
    decision: str = "panic"


Verdict = HandOff[Any] | Split | Drop | Keep | Deliver | Panic
