"""Follow each mbuf through a trace: its bytes at every row, its direction, and where it came from."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.model.packet_name import packet_name
from ipsec_lo_trace.model.trace import SOCKET, Step
from ipsec_lo_trace.render.store import StoredTrace

ON_LO0 = "looutput"
"""The stage by which every packet crosses lo0."""
OUTPUT = "ip_output"
KEPT_ENDS = 1024
"""How many ends of paths later a part of an ended packet may be on its way: more than lo0's queue holds."""


class Moment(msgspec.Struct):
    """One row, and what an mbuf is at it.

    ``before`` and ``data`` are its packet's bytes when the stage was reached (b"" if they were new) and
    afterwards; ``outbound`` is its direction; ``came_from`` is the row before of the same mbuf, or of the one
    that it was cut from, None where a system call made it.
    """

    step: Step
    before: bytes
    data: bytes
    outbound: bool
    came_from: Step | None

    @property
    def ends(self) -> bool:
        """Whether the packet's path ends here: dropped, or delivered to a socket."""
        return bool(self.step.reason) or self.step.to.startswith(SOCKET)


def mbuf(step: Step) -> tuple[int, str]:
    """Name the mbuf of a row: a reply is in its request's; a later fragment (P1/2) has one of its own."""
    return step.echo, packet_name(step.packet).mbuf


def numbers(step: Step) -> tuple[int, int]:
    """Return the numbers in a packet's name: 1 and 2 for P1/2, 1 and 0 for P1, zeros for any other name."""
    match = re.fullmatch(r"P([0-9]{1,4})(?:/([0-9]{1,4}))?", step.packet)
    return (int(match[1]), int(match[2] or 0)) if match else (0, 0)


def follow(trace: StoredTrace) -> Iterator[Moment]:
    """Yield the rows in order; UserError if a row's bytes are not in the trace."""
    flying: dict[int, dict[str, Moment]] = {}
    ended: deque[int] = deque()
    for step in trace.steps():
        echo, part = mbuf(step)
        parts = flying.setdefault(echo, {})
        now = parts[part] = _moment(step, parts.get(part), parts.get(""), trace.name)
        if now.ends:
            del parts[part]
            ended.append(echo)
        if len(ended) > KEPT_ENDS:
            _forget(flying, ended.popleft())
        yield now


def _forget(flying: dict[int, dict[str, Moment]], echo: int) -> None:
    """Drop what is left of an echo whose packet is gone: fragments that were put together."""
    if "" not in flying.get(echo, {}):
        flying.pop(echo, None)


def _moment(step: Step, last: Moment | None, first: Moment | None, name: str) -> Moment:
    before = last.data if last else b""
    data = before if step.bytes is None else bytes.fromhex(step.bytes)
    if len(data) != step.wire.len:
        raise UserError(
            f"row {step.row}: the packet's bytes are missing, or do not fit its length", file=name
        )
    origin = last or (first if step.via != "syscall" else None)
    return Moment(step, before, data, _outbound(step, last), origin.step if origin else None)


def _outbound(step: Step, last: Moment | None) -> bool:
    """Say whether the packet is on its way out: until it has crossed lo0, and again when it is sent anew."""
    if last is None or step.stage in (OUTPUT, ON_LO0) or _identity(step) != _identity(last.step):
        return True
    return last.outbound and last.step.stage != ON_LO0


def _identity(step: Step) -> str:
    return packet_name(step.packet).whole
