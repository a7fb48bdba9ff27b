"""Does a row say what its stage did, and nothing of what others did?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ipsec_lo_trace.machine.context import Context
from ipsec_lo_trace.machine.run import Machine
from ipsec_lo_trace.machine.stage import (
    CALL,
    CRYPTO,
    NETISR,
    Deliver,
    Drop,
    HandOff,
    Keep,
    Panic,
    Split,
    Verdict,
    Via,
    hand_off,
    link,
    stage,
)
from ipsec_lo_trace.model.codes import Errno
from ipsec_lo_trace.model.errors import BrokenInvariantError
from ipsec_lo_trace.model.mbuf import Mbuf
from ipsec_lo_trace.model.operands import NO_LIVE_SA
from ipsec_lo_trace.model.questions import SA
from ipsec_lo_trace.wire.summary import summarise
from tests.kernel.bench import echo
from tests.machine.test_machine import (
    Behaviour,
    call,
    drained,
    drop,
    first,
    mbuf,
    second,
    to_second,
    toy,
)


def acting(act: Callable[[Context, Mbuf], None]) -> Machine:
    """Make a machine of two stages, of which the first does something to kernel or packet."""

    @stage(first, second)
    def run_first(k: Context, m: Mbuf, _args: None) -> Verdict:
        act(k, m)
        return hand_off(second, CALL, m, None, "on", "accept")

    @stage(second)
    def run_second(_k: Context, _m: Mbuf, _args: None) -> Verdict:
        return Keep("kept")

    table = link(run_first, run_second)
    return Machine(Context(), table, deliver=lambda _to, _m: None, summarise=summarise)


def split(*parts: tuple[Via, Errno]) -> Behaviour:
    """Send parts to the second stage, each by its transfer, the caller hiding an errno."""
    return lambda m: Split(
        [
            hand_off(second, via, Mbuf(b"", echo=m.echo, packet=f"P1/{number}"), None, "", hides=hides)
            for number, (via, hides) in enumerate(parts, start=2)
        ],
        "split",
    )


def test_counters_are_of_their_row_and_add_up() -> None:
    """A row has what moved in it; the kernel has the sum, over calls too."""

    def count(k: Context, _m: Mbuf) -> None:
        k.count("ips_total")
        k.count("ips_total", 2)
        k.count("ips_delivered", -1)

    machine = acting(count)
    for _again in range(2):
        one, two = call(machine)[0]
        assert (one.counters, two.counters) == ({"ips_total": 3, "ips_delivered": -1}, {})
    assert machine.kernel.counters == {"ips_total": 6, "ips_delivered": -2}


def test_questions_are_of_their_row() -> None:
    """What a stage asks stands in its own row, in its order, with both operands and the answer."""

    def ask(k: Context, _m: Mbuf) -> None:
        k.ask(SA, NO_LIVE_SA, NO_LIVE_SA, "none")
        k.ask(SA, NO_LIVE_SA, NO_LIVE_SA, "none")

    one, two = call(acting(ask))[0]
    assert ([(check.id, check.answer, check.mark) for check in one.checks], two.checks) == (
        [("sa", "none", None)] * 2,
        [],
    )


def test_rows_are_numbered_through() -> None:
    """Rows go on counting over calls, and a packet knows the row and the stage that it is in."""
    seen: list[tuple[int, str]] = []
    machine = acting(lambda _k, m: seen.append((m.row, m.stage)))
    rows = [step.row for _again in range(2) for step in call(machine)[0]]
    assert (rows, seen) == ([1, 2, 3, 4], [(1, "first"), (3, "first")])


def test_bytes_are_shown_where_they_changed() -> None:
    """The first row of a packet shows its bytes, a later one only if they are others."""
    packets = [echo(), echo(ttl=7)]

    def behaviour(m: Mbuf) -> Verdict:
        m.data = bytes(packets[m.visits.get("first", 0) // 2])
        return hand_off(first, CALL, m, None, "") if m.visits.get("first", 0) < 3 else Keep("")

    steps, _errno = call(toy(behaviour), Mbuf(echo(), echo=1, packet="P1"))
    assert [step.bytes for step in steps] == [packets[0].hex(), None, packets[1].hex(), None]
    assert [step.wire.ttl for step in steps] == [255, 255, 7, 7]
    assert [step.visit for step in steps] == [1, 2, 3, 4]


def test_a_row_says_by_which_transfer_it_was_reached() -> None:
    """A system call, a call, a callback; each with its decision and text."""
    steps, _errno = call(toy(lambda m: hand_off(second, CRYPTO, m, None, "why", "apply")))
    assert [(step.via, step.decision, step.text, step.to) for step in steps] == [
        ("syscall", "apply", "why", "second"),
        ("crypto", "keep", "kept", ""),
    ]


def test_what_is_done_after_each_stage_is_told() -> None:
    """``after`` sees the packet behind each stage, and what it says follows the stage's own text."""
    machine = toy(to_second(CALL))
    machine.after = lambda m: "stripped" if m.stage == "second" else ""
    assert [step.text for step in call(machine)[0]] == ["", "kept; stripped"]


@pytest.mark.parametrize(
    ("parts", "errno"),
    [
        ([(CALL, ""), (CALL, "")], "EINVAL"),
        ([(CALL, "EINVAL"), (CALL, "")], "ENOBUFS"),
        ([(CALL, "EINVAL"), (CALL, "ENOBUFS")], ""),
        ([(CALL, ""), (CALL, "EINVAL")], "EINVAL"),
        ([(CRYPTO, ""), (CALL, "")], "ENOBUFS"),
        ([(CRYPTO, ""), (NETISR, "")], ""),
    ],
)
def test_of_several_errnos_the_first_that_nobody_hides_is_returned(
    parts: list[tuple[Via, Errno]], errno: str
) -> None:
    """P1/2 fails with EINVAL, P1/3 with ENOBUFS; what a part's caller hides is hidden for that part alone."""
    errnos: dict[str, Errno] = {"P1/2": "EINVAL", "P1/3": "ENOBUFS"}
    steps, returned = call(toy(split(*parts), lambda m: drop(errnos[m.packet])(m)))
    assert returned == errno
    assert sorted(step.packet for step in steps) == ["P1", "P1/2", "P1/3"]


def test_an_errno_stays_hidden_for_all_that_is_called_below() -> None:
    """The caller that turns ENOENT into 0 does so however deep below it the drop is."""

    def deep(m: Mbuf) -> Verdict:
        return drop("ENOENT")(m) if m.visits.get("second") else hand_off(first, CALL, m, None, "")

    def top(m: Mbuf) -> HandOff:
        again = bool(m.visits.get("second"))
        return hand_off(second, CALL, m, None, "", hides="" if again else "ENOENT")

    steps, returned = call(toy(top, deep))
    assert ([step.stage for step in steps], returned) == (["first", "second", "first", "second"], "")
    assert [step.returned for step in steps] == [None] * 4


def test_a_row_says_what_the_system_call_returned_and_nothing_below_a_queue() -> None:
    """``returned`` is for a drop that the caller hears of; one without an errno returns nothing."""
    silent = call(toy(to_second(CALL), drop("")))[0]
    assert (silent[-1].returned, silent[-1].errno) == (None, None)
    told = call(toy(to_second(CALL), drop("EINVAL")))[0]
    assert [step.returned for step in told] == [None, "EINVAL"]
    assert told[-1].decision == "drop"


@pytest.mark.parametrize(("via", "waiting"), [(NETISR, 2), (CRYPTO, 0)])
def test_only_the_input_queue_is_counted(via: Via, waiting: int) -> None:
    """Two parts on a queue: ipintrq counts those that wait for ip_input, until they are taken."""
    machine = toy(split((via, ""), (via, "")))
    machine.syscall(first, mbuf(), None)
    assert machine.kernel.ipintrq_len == waiting
    drained(machine)
    assert machine.kernel.ipintrq_len == 0


def test_what_arrives_waits_on_the_input_queue() -> None:
    """An arriving packet is counted, and taken from there when the queue is drained."""
    machine = toy(lambda _m: Keep(""))
    machine.arrive(first, mbuf(), None)
    assert (machine.kernel.ipintrq_len, len(machine.ipintrq)) == (1, 1)
    (step,) = drained(machine)
    assert (step.via, machine.kernel.ipintrq_len) == ("netisr", 0)


def test_a_panic_stops_what_is_pending() -> None:
    """A split's second part does not run after the first panicked, and what waits in a queue neither."""
    machine = toy(split((CALL, ""), (CALL, ""), (NETISR, "")), lambda _m: Panic("null-sa", "no"))
    steps, _errno = call(machine)
    assert [step.packet for step in steps] == ["P1", "P1/2"]
    assert (steps[-1].to, steps[-1].errno) == ("", None)


@pytest.mark.parametrize("undeclared", [0, 1])
def test_every_part_of_a_split_must_be_declared(undeclared: int) -> None:
    """The second stage may reach the first alone, be it by the first or the last part."""

    def behaviour(m: Mbuf) -> Verdict:
        targets = [first, first]
        targets[undeclared] = second
        return Split([hand_off(to, CALL, m, None, "") for to in targets], "")

    with pytest.raises(BrokenInvariantError, match="second hands off to second"):
        call(toy(to_second(CALL), behaviour))


def test_a_packet_in_its_limit_of_stages_is_no_loop() -> None:
    """A long way through the kernel ends as it ends: only that packet's own stages count."""
    there = Deliver("ping", "there")
    machine = toy(lambda m: hand_off(first, CALL, m, None, "") if m.visits.get("first", 0) < 99 else there)
    assert [call(machine)[0][-1].to for _packet in range(25)] == ["socket:ping"] * 25


def test_a_drop_is_none_of_the_other_ends() -> None:
    """Drop, keep, deliver and panic each leave their own trace in the row."""
    ends: dict[str, Verdict] = {
        "drop": Drop("bad-icv", "EACCES", "no"),
        "keep": Keep("waits"),
        "deliver": Deliver("ping", "there"),
        "panic": Panic("null-sa", "no"),
    }
    rows = {}
    for name, verdict in ends.items():
        machine = toy(lambda _m, verdict=verdict: verdict)  # type: ignore[misc]
        (step,) = call(machine)[0]
        rows[name] = step.decision, step.to, step.errno, step.reason, machine.panicked
    assert rows == {
        "drop": ("drop", "", "EACCES", "bad-icv", False),
        "keep": ("keep", "", None, "", False),
        "deliver": ("deliver", "socket:ping", None, "", False),
        "panic": ("panic", "", None, "null-sa", True),
    }
