"""The claims: what each looks at in a run, and in what way a run breaks it."""

from __future__ import annotations

import hashlib
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
COMPARED = ("daemon", "daemon-tags")
JUDGED = ("no-clear", "no-accept", "no-stale", "answered", "never-worse")
"""The claims about two runs, which ask nothing of a referee, and the others.  Each sort is proved in one go:
in one go with the other, the questions of both would divide the hosts for all."""
MAKING = ("icmp_reflect", "icmp_send", "rip_output")
"""Where a reply is made: the kernel's and the process's differ there, and must not from ip_output on."""
TABLE = netbsd_2003_08.link_table()
_ENCODER = msgspec.json.Encoder()


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
    """What became of a run: its rows, its outcome, what should not have been in clear, the answer."""

    steps: list[Step]
    outcome: str
    leaks: list[Leak]
    answered: bool


def together(claims: Iterable[str]) -> list[tuple[str, ...]]:
    """Divide claims into those that are proved in one go."""
    wanted = {*claims}
    sorts = (tuple(claim for claim in sort if claim in wanted) for sort in (COMPARED, JUDGED))
    return list(filter(None, sorts))


def run(kernel: Kernel, program: Program) -> list[Step]:
    """Run a program over a kernel."""
    machine = Machine(kernel, TABLE, deliver=program.deliver, summarise=summarise)
    machine.row_limit = ROW_LIMIT
    return [step for steps in program.run(machine) for step in steps]


def watch(kernel: Kernel, program: Program, referee: Referee) -> Seen:
    """Run a program over a kernel, and judge every echo."""
    echo, rows = Echo(), run(kernel, program)
    for step in rows:
        if step.packet != FLUSH:
            echo.see(step, referee)
    outcome = outcome_of(echo, ping=False)
    answered = program.received >= program.sent
    if not answered and SEVERITY.index(outcome) < SEVERITY.index("lost"):
        outcome = "lost"
    return Seen(rows, outcome, echo.leaks, answered)


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
    rows = _until(seen, leak)
    out = next((step for step in reversed(rows) if step.stage == "ip_output"), None)
    return stale(rows) or (f"ip_output-{out.decision}" if out is not None else "not-output")


def accepted(seen: Seen) -> str:
    """Name how something was accepted without what an inbound policy insists on; "" if nothing was."""
    leak = next((leak for leak in seen.leaks if leak.accepted), None)
    return HOLDS if leak is None else stale(_until(seen, leak)) or leak.place


def unanswered(seen: Seen) -> str:
    """Name what the last packet that was dropped was dropped for, if no answer came; "" if one came."""
    if seen.answered:
        return HOLDS
    return next((step.reason for step in reversed(seen.steps) if step.reason), "no-answer")


def _until(seen: Seen, leak: Leak) -> list[Step]:
    """Return the rows of a packet up to the one that shows a leak."""
    return [step for step in seen.steps if step.packet == leak.packet and step.row <= leak.row]


def judged(seen: Seen) -> dict[str, str]:
    """Say of each claim about one run how it is broken, "" where it holds."""
    return {
        "no-clear": clear(seen),
        "no-accept": accepted(seen),
        "no-stale": stale(seen.steps),
        "answered": unanswered(seen),
    }


class Reply(NamedTuple):
    """What anyone can tell of an exchange's replies, from ip_output on: digests of their rows and their tags.

    ``stale`` is how a stale mark settled something, "" if none did; ``refused`` is whether a socket's policy
    refused the request.  Who answers is asked in ``icmp_input`` and behind it alone, so where nothing
    ``came_to_icmp`` a process changes nothing.
    """

    rows: bytes
    tags: bytes
    stale: str
    refused: bool
    came_to_icmp: bool


def reply_of(steps: Sequence[Step]) -> Reply:
    """Pick the replies out of an exchange."""
    replies = [step for step in steps if packet_name(step.packet).number > 1]
    sent = [step for step in replies if step.stage not in MAKING]
    return Reply(
        rows=_digest([_row(step) for step in sent]),
        tags=_digest([_tags(step) for step in sent]),
        stale=stale(replies),
        refused=any(step.packet == REQUEST and step.reason == "socket-policy" for step in steps),
        came_to_icmp=any(step.stage == "icmp_input" for step in steps),
    )


def _digest(value: object) -> bytes:
    """Return the SHA-256 of something as JSON: thousands of replies are kept, some of 40,000 bytes."""
    return hashlib.sha256(_ENCODER.encode(value)).digest()


def unlike(kernels: Reply, processes: Reply) -> str:
    """Name how the kernel's reply differs from a process's; "" if they are alike."""
    if kernels.rows == processes.rows:
        return HOLDS
    return "socket-gate" if processes.refused else kernels.stale or "unlike"


def unlike_tags(kernels: Reply, processes: Reply) -> str:
    """Name that the kernel's reply bears other tags somewhere than a process's; "" if it does not."""
    return HOLDS if kernels.tags == processes.tags else "tags"


def _row(step: Step) -> Row:
    asked = [(check.id, check.left, check.right, check.answer) for check in step.checks]
    return Row(step.stage, step.to, step.decision, step.reason, step.bytes, asked, step.counters)


def _tags(step: Step) -> tuple[object, ...]:
    tags = [mark for mark in step.marks if mark.name not in ORDER and mark.there]
    return step.stage, [(tag.name, tag.proto, tag.spi, tag.dst) for tag in tags]


def worse(before: str, after: str) -> str:
    """Name how a run with a fix is worse than one without; "" if it is not."""
    if SEVERITY.index(after) <= SEVERITY.index(before):
        return HOLDS
    return f"{before}-to-{after}"
