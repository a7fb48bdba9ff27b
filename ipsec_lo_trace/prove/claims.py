"""The claims: what each looks at in a run, and in what way a run breaks it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.findings.echo import Echo, Leak
from ipsec_lo_trace.findings.judge import SEVERITY, outcome_of
from ipsec_lo_trace.findings.required import Referee
from ipsec_lo_trace.kernel import netbsd_2003_08
from ipsec_lo_trace.kernel.kern.uipc_mbuf import ORDER
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.model.packet_name import FLUSH, REQUEST, packet_name
from ipsec_lo_trace.model.proof import HOLDS
from ipsec_lo_trace.model.questions import QUESTIONS
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.userland.program import Program
from ipsec_lo_trace.wire.summary import summarise

ROW_LIMIT = 150
"""Rows after which a packet that goes round is followed no further."""
MAKING = ("icmp_reflect", "icmp_send", "rip_output")
"""Where a reply is made: the kernel's and the process's differ there, and must not from ip_output on."""
TABLE = netbsd_2003_08.link_table()


class Row(NamedTuple):
    """What anyone can tell of a row of a reply; a mark that nothing asks about is no part of it."""

    stage: str
    to: str
    decision: str
    reason: str
    bytes: str | None
    checks: Sequence[tuple[object, ...]]
    counters: dict[str, int]


class Seen(msgspec.Struct):
    """What became of a run: its rows, what it came to, what crossed lo0 in clear that should not have."""

    steps: list[Step]
    outcome: str
    leaks: list[Leak]


def watch(kernel: Kernel, program: Program, referee: Referee) -> Seen:
    """Run a program over a kernel, and judge every echo."""
    machine = Machine(kernel, TABLE, deliver=program.deliver, summarise=summarise)
    machine.row_limit = ROW_LIMIT
    echo, rows = Echo(), []
    for steps in program.run(machine):
        rows += steps
        for step in steps:
            if step.packet != FLUSH:
                echo.see(step, referee)
    outcome = outcome_of(echo, ping=False)
    if program.received < program.sent and SEVERITY.index(outcome) < SEVERITY.index("lost"):
        outcome = "lost"
    return Seen(rows, outcome, echo.leaks)


def stale(steps: Iterable[Step]) -> str:
    """Name the first way in which a stale mark settled something; "" if none did."""
    for step in steps:
        for check in step.checks:
            if check.mark is not None and check.mark.stale:
                return QUESTIONS[check.id].stale_code
    return HOLDS


def clear(seen: Seen) -> str:
    """Name how something crossed lo0 in clear that an outbound policy protects; "" if nothing did."""
    leak = next((leak for leak in seen.leaks if not leak.accepted), None)
    if leak is None:
        return HOLDS
    rows = [step for step in seen.steps if step.packet == leak.packet and step.row <= leak.row]
    out = next((step for step in reversed(rows) if step.stage == "ip_output"), None)
    return stale(rows) or (f"ip_output-{out.decision}" if out is not None else "not-output")


def unlike(kernels: Seen, processes: Seen) -> str:
    """Name how the kernel's reply differs from a process's; "" if they are alike."""
    if replies(kernels.steps) == replies(processes.steps):
        return HOLDS
    if any(step.packet == REQUEST and step.reason == "socket-policy" for step in processes.steps):
        return "socket-gate"
    return stale(step for step in kernels.steps if _is_reply(step)) or "unlike"


def replies(steps: Sequence[Step]) -> list[Row]:
    """Return the rows of what answers the request, from ip_output on."""
    return [_row(step) for step in _on_its_way(steps)]


def _on_its_way(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if _is_reply(step) and step.stage not in MAKING]


def _is_reply(step: Step) -> bool:
    return packet_name(step.packet).number > 1


def _row(step: Step) -> Row:
    asked = [(check.id, check.left, check.right, check.answer) for check in step.checks]
    return Row(step.stage, step.to, step.decision, step.reason, step.bytes, asked, step.counters)


def unlike_tags(kernels: Seen, processes: Seen) -> str:
    """Name that the kernel's reply bears other tags somewhere than a process's; "" if it does not."""
    ours, theirs = ([_tags(step) for step in _on_its_way(seen.steps)] for seen in (kernels, processes))
    return HOLDS if ours == theirs else "tags"


def _tags(step: Step) -> tuple[object, ...]:
    tags = [mark for mark in step.marks if mark.name not in ORDER and mark.there]
    return step.stage, [(tag.name, tag.proto, tag.spi, tag.dst) for tag in tags]


def worse(before: str, after: str) -> str:
    """Name how a run with a fix is worse than one without; "" if it is not."""
    if SEVERITY.index(after) <= SEVERITY.index(before):
        return HOLDS
    return f"{before}-to-{after}"
