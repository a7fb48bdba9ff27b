"""Does the machine follow verdicts, tell errors to the right caller, and keep stages honest?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_set_flag
from ipsec_lo_trace.kernel.kern.uipc_mbuf2 import IN_DONE, OUT_DONE, m_tag_delete, m_tag_prepend
from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.machine.run import ROW_LIMIT, Machine
from ipsec_lo_trace.machine.stage import (
    CALL,
    CRYPTO,
    NETISR,
    Deliver,
    Drop,
    Keep,
    Panic,
    Split,
    Symbol,
    Verdict,
    Via,
    hand_off,
    link,
    stage,
)
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.sa import TdbIdent
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.wire.summary import summarise

first: Symbol[None] = Symbol("first", "toy.c")
second: Symbol[None] = Symbol("second", "toy.c")
Behaviour = Callable[[Mbuf], Verdict]


def toy(one: Behaviour, two: Behaviour = lambda _m: Keep("kept")) -> Machine:
    """Make a machine of two stages that behave as told."""

    @stage(first, first, second)
    def run_first(_k: Context, m: Mbuf, _args: None) -> Verdict:
        return one(m)

    @stage(second, first)
    def run_second(_k: Context, m: Mbuf, _args: None) -> Verdict:
        return two(m)

    table = link(run_first, run_second)
    return Machine(Context(), table, deliver=lambda _to, _m: None, summarise=summarise)


def mbuf() -> Mbuf:
    """Make a mbuf."""
    return Mbuf(b"", echo=1, packet="P1")


def call(machine: Machine, m: Mbuf | None = None) -> tuple[list[Step], str]:
    """Enter at the first stage and drain; give the steps and the errno that the system call returned."""
    steps, errno = machine.syscall(first, m or mbuf(), None)
    return [*steps, *drained(machine)], errno


def drained(machine: Machine) -> list[Step]:
    """Run what is queued."""
    return [step for steps in machine.drain() for step in steps]


def to_second(via: Via, hides: Errno = "") -> Behaviour:
    """Hand off to the second stage."""
    return lambda m: hand_off(second, via, m, None, "", hides=hides)


def drop(errno: Errno) -> Behaviour:
    """Drop with an errno."""
    return lambda _m: Drop("bad-icv", errno, "dropped")


@pytest.mark.parametrize(
    ("via", "hides", "returned"),
    [
        (CALL, "", "EINVAL"),
        (CALL, "EINVAL", ""),
        (CALL, "ENOENT", "EINVAL"),
        (CRYPTO, "", ""),
        (NETISR, "", ""),
    ],
)
def test_an_errno_reaches_the_system_call_by_synchronous_transfers_only(
    via: Via, hides: Errno, returned: str
) -> None:
    """A drop's errno is the caller's, unless a callback or a queue lies between, or a caller hides it."""
    steps, errno = call(toy(to_second(via, hides), drop("EINVAL")))
    assert errno == returned
    assert steps[-1].errno == "EINVAL"
    assert steps[-1].returned == (returned or None)


def test_callbacks_come_before_the_soft_interrupt_and_each_queue_is_first_in_first_out() -> None:
    """Of four packets the two with the crypto thread go on first, in their order, then those of ipintrq."""
    machine = toy(lambda m: hand_off(second, NETISR if m.echo % 2 else CRYPTO, m, None, ""))
    for echo in (1, 2, 3, 4):
        machine.syscall(first, Mbuf(b"", echo=echo, packet="P1"), None)
    assert machine.kernel.ipintrq_len == 2
    assert [step.echo for step in drained(machine)] == [2, 4, 1, 3]
    assert machine.kernel.ipintrq_len == 0


def test_the_parts_of_a_split_run_in_order() -> None:
    """Every part of a split goes its way, in the order given, and any part's errno reaches the caller."""

    def split(m: Mbuf) -> Verdict:
        parts = [hand_off(second, CALL, Mbuf(b"", echo=1, packet=f"P1/{n}"), None, "") for n in (2, 3)]
        return Split([hand_off(second, CALL, m, None, ""), *parts], "split")

    steps, errno = call(toy(split, drop("ENOBUFS")))
    assert [step.packet for step in steps] == ["P1", "P1", "P1/2", "P1/3"]
    assert errno == "ENOBUFS"
    assert steps[0].to == "second"


def test_a_loop_is_data() -> None:
    """A packet that goes round is stopped after a bounded number of stages, with a reason in the trace."""
    steps, errno = call(toy(to_second(CALL), lambda m: hand_off(first, CALL, m, None, "")))
    assert (len(steps), steps[-1].reason, errno) == (ROW_LIMIT + 1, "loop", "")


def test_a_panic_stops_everything() -> None:
    """After a panic nothing that is queued runs any more."""
    machine = toy(lambda m: hand_off(second, CRYPTO, m, None, ""), lambda _m: Panic("null-sa", "no"))
    for _ in range(2):
        machine.syscall(first, mbuf(), None)
    steps = drained(machine)
    assert [(step.decision, step.reason) for step in steps] == [("panic", "null-sa")]
    assert machine.panicked


def test_a_delivery_names_the_socket() -> None:
    """A delivered packet goes to the socket that the stage named."""
    got: list[str] = []
    machine = toy(lambda _m: Deliver("ping", "there"))
    machine.deliver = lambda to, _m: got.append(to)
    steps, _errno = call(machine)
    assert (got, steps[0].to) == (["ping"], "socket:ping")


def test_an_undeclared_hand_off_is_our_fault() -> None:
    """A stage that reaches a symbol that it does not declare breaks an invariant."""
    machine = toy(to_second(CALL), to_second(CALL))
    with pytest.raises(BrokenInvariantError, match="second hands off to second"):
        call(machine)


def test_linking_finds_what_is_missing() -> None:
    """A link table must define all that its stages may reach, and hold stages only."""

    @stage(first, second)
    def lonely(_k: Context, _m: Mbuf, _args: None) -> Verdict:
        return Keep("")

    with pytest.raises(BrokenInvariantError, match="first may hand off to second"):
        link(lonely)
    with pytest.raises(BrokenInvariantError, match="not declared as a stage"):
        link(to_second(CALL))  # type: ignore[arg-type]


def test_visits_are_counted_by_packet_and_stage() -> None:
    """The nth visit of a stage is the nth of this packet, not of the mbuf."""

    def reborn(m: Mbuf) -> Verdict:
        m.become("P2" if m.packet == "P1" else "P3")
        return hand_off(first, CALL, m, None, "") if m.packet == "P2" else Keep("")

    steps, _errno = call(toy(reborn))
    assert [(step.packet, step.visit) for step in steps] == [("P2", 1), ("P3", 1)]


TDBI = TdbIdent(50, 0x1000, "127.0.0.1")


def tamper_add(m: Mbuf) -> Verdict:
    """Add a mark through no door."""
    changes = m.changes
    m_tag_prepend(m, OUT_DONE, TDBI)
    changes.clear()
    return Keep("")


def tamper_remove(m: Mbuf) -> Verdict:
    """Remove marks through no door."""
    m.tags = ()
    return Keep("")


def tamper_claim(m: Mbuf) -> Verdict:
    """Claim a removal of what is not there."""
    m_tag_prepend(m, IN_DONE, TDBI)
    m_tag_delete(m, m.tags[0])
    m.changes.append(m.changes[-1])
    return Keep("")


@pytest.mark.parametrize(
    ("tamper", "complaint"),
    [
        (tamper_add, "bears OUT_DONE, which no change accounts for"),
        (tamper_remove, "lost IN_DONE without a change"),
        (tamper_claim, "removed IN_DONE, which the packet did not bear"),
    ],
)
def test_a_mark_cannot_change_without_an_event(tamper: Behaviour, complaint: str) -> None:
    """A stage that changes marks past the doors, or reports what it did not do, is found out at once."""
    m = mbuf()
    m_tag_prepend(m, IN_DONE, TDBI)
    with pytest.raises(BrokenInvariantError, match=complaint):
        call(toy(tamper), m)


def test_marks_turn_stale_with_the_packets_identity() -> None:
    """When the mbuf holds another packet its marks are stale; a flag set again is the packet's own."""

    def reflect(m: Mbuf) -> Verdict:
        m_tag_prepend(m, OUT_DONE, TDBI)
        m_set_flag(m, M_DECRYPTED)
        m.become("P2")
        return hand_off(second, CALL, m, None, "")

    def again(m: Mbuf) -> Verdict:
        m_set_flag(m, M_DECRYPTED)
        return Keep("")

    steps, _errno = call(toy(reflect, again))
    assert [(mark.name, mark.stale, mark.made_for) for mark in steps[0].marks] == [
        (OUT_DONE, True, "P1"),
        (M_DECRYPTED, True, "P1"),
    ]
    assert [(mark.name, mark.stale, mark.made_for, mark.row) for mark in steps[1].marks] == [
        (OUT_DONE, True, "P1", 1),
        (M_DECRYPTED, False, "P2", 2),
    ]
