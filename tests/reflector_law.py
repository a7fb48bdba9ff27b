"""The reflector law: with the fix the kernel's reply is the one that a process in user space would send.

``python -m tests.reflector_law 10000`` tries it on that many drawn configurations and says what it met.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import NamedTuple

from ipsec_lo_trace import Setup, ping
from ipsec_lo_trace.model.operands import Operand
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.sweep.draw import draw
from ipsec_lo_trace.sweep.drawn import LOCAL, PING, USUAL_SIZE, DrawnCase
from ipsec_lo_trace.tracer.tracing import Trace
from ipsec_lo_trace.userland.ping import PingOptions

SEED = 2003
SAME, NO_REPLY, BY_FLAG, BY_GATE_2 = "same", "no reply", "stale flag", "gate 2"
MAKING = ("icmp_reflect", "icmp_send", "rip_output")
"""Where the two replies are made, each its own way; from ip_output on they must be alike."""
FLAG = "M_"


class Row(NamedTuple):
    """What the law compares of a row of the reply; flags are left out, since the fix leaves them."""

    echo: int
    stage: str
    to: str
    decision: str
    reason: str
    bytes: str | None
    tags: list[tuple[str, int | None, int | None, str | None]]
    answers: list[tuple[str, Operand, str]]
    counters: dict[str, int]


def drawn(number: int) -> DrawnCase:
    """Draw the configuration of a case, for a ping whose requests wait for each other."""
    case = draw(SEED, number)
    return DrawnCase(
        sas=case.sas,
        policies=case.policies,
        src=case.src,
        dst=case.dst,
        count=case.count,
        size=case.size if case.program == PING else USUAL_SIZE,
    )


def run(case: DrawnCase, fix: str, *, userspace: bool) -> Trace:
    """Ping over a case, answered by the kernel or by a process."""
    assert isinstance(case.options, PingOptions)
    setup = Setup(
        config=case.text,
        fix=fix,
        host=str(case.options.dst),
        source=None if case.options.src is None else str(case.options.src),
        local=tuple(map(str, LOCAL)),
        count=case.options.count,
        size=case.options.size,
        reflector="userspace" if userspace else "kernel",
    )
    return ping(setup)


def replies(trace: Trace) -> list[tuple[Row, Step]]:
    """Give the rows of every reply from ip_output on, with the step that each tells of."""
    return [
        (_row(step), step)
        for step in trace.steps
        if step.packet.startswith("P2") and step.stage not in MAKING
    ]


def _row(step: Step) -> Row:
    return Row(
        echo=step.echo,
        stage=step.stage,
        to=step.to,
        decision=step.decision,
        reason=step.reason,
        bytes=step.bytes,
        tags=[(tag.name, tag.proto, tag.spi, tag.dst) for tag in step.marks if not tag.name.startswith(FLAG)],
        answers=[(check.id, check.right, check.answer) for check in step.checks],
        counters=step.counters,
    )


def outcome(case: DrawnCase, fix: str) -> str:
    """Say what the law comes to: the same replies, none, or an exception that the tool's findings show.

    AssertionError if the replies differ and no finding says why.
    """
    kernel, userspace = run(case, fix, userspace=False), run(case, fix, userspace=True)
    ours, theirs = replies(kernel), replies(userspace)
    differing = [one for one, other in zip(ours, theirs, strict=False) if one[0] != other[0]]
    if not differing and len(ours) == len(theirs):
        return SAME if ours else NO_REPLY
    if any(step.packet == "P1" and step.reason == "socket-policy" for step in userspace.steps):
        # A process has a socket, whose gate the request must pass too; the kernel's answer needs ip_input's
        # alone, and that asked the default policy.
        assert kernel.found("default-policy")
        return BY_GATE_2
    found = kernel.found("stale-flag")
    assert found is not None, case.text
    # The finding's row is where the two part.
    assert found.row == differing[0][1].row, case.text
    assert any(check.mark and check.mark.stale for check in differing[0][1].checks)
    return BY_FLAG


def main(cases: int, fixes: tuple[str, ...] = ("netbsd-2003-08", "strict")) -> None:
    """Try the law under some fixes, and print what it came to how often."""
    for fix in fixes:
        met = Counter(outcome(drawn(number), fix) for number in range(1, cases + 1))
        print(fix, ", ".join(f"{name}: {count}" for name, count in sorted(met.items())))  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]))
