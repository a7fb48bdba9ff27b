"""Is a process in user space the responder that the kernel's reply is to be like?

The law of the fix: patched, the kernel's reply has the tags, the policy decisions and the bytes of one that a
process sends.  The flags are what the fix leaves open.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from ipsec_lo_trace.kernel.netinet.raw_ip import REFLECTOR
from tests.probes.machine import Ran, names, ping, probe
from tests.support import PATCHED, UNPATCHED, A, B
from tests.test_laws import configurations

KINDS = ["timestamp", "mask", "record-route", "timestamp-option", "big", "encap"]


def decisions(ran: Ran) -> list[list[tuple[str, str]]]:
    """Return what the policies decided about the reply on its way out, visit by visit of ip_output."""
    asked = ("out-policy", "loop-detection", "sa")
    stages = ("ip_output", "ipsec4_process_packet")
    return [
        [(check.id, check.answer) for check in step.checks if check.id in asked]
        for step in ran.steps
        if step.packet == "P2" and step.stage in stages
    ]


def tags_on_lo0(ran: Ran) -> list[list[str]]:
    """Return the reply's tags as it crosses lo0."""
    return [[name for name in names(step) if not name.startswith("M_")] for step in ran.at("looutput", "P2")]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
def test_the_process_s_reply_is_protected_and_clean(kind: str, fix: str) -> None:
    """With a process as responder no mark is stale on the reply, patched or not, and it is ESP on lo0."""
    ran = probe(kind, fix, reflector="userspace")
    assert set(ran.lo0) == {"esp"}
    assert not any(mark.stale for step in ran.steps for mark in step.marks)
    assert (ran.program.sent, ran.program.received) == (1, 1)
    assert [step.to for step in ran.at("rip_input", "P1")] == [f"socket:{REFLECTOR}"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("proto", ["esp", "ah", "esp+ah"])
def test_the_patched_kernel_replies_as_the_process_does(kind: str, proto: str) -> None:
    """The same tags, decisions, crossings and bytes (but for identifications and what is encrypted)."""
    kernel = probe(kind, PATCHED, proto=proto)
    process = probe(kind, PATCHED, proto=proto, reflector="userspace")
    assert kernel.lo0 == process.lo0
    assert tags_on_lo0(kernel) == tags_on_lo0(process)
    assert decisions(kernel) == decisions(process)
    assert kernel.replies == process.replies


def test_the_unpatched_kernel_does_not() -> None:
    """Unpatched the law is broken: other tags, other decisions."""
    kernel, process = probe("timestamp"), probe("timestamp", reflector="userspace")
    assert tags_on_lo0(kernel) != tags_on_lo0(process)
    assert decisions(kernel) != decisions(process)
    assert kernel.replies == process.replies


def test_the_process_keeps_to_maskrepl() -> None:
    """maskrepl=0 means no mask reply, whoever answers."""
    assert probe("mask", reflector="userspace", maskrepl="0").program.received == 0


@settings(max_examples=settings().max_examples * 3 // 2, suppress_health_check=[HealthCheck.too_slow])
@given(config=configurations())
def test_the_law_holds_for_ping_over_any_configuration(config: str) -> None:
    """Patched, a reply of the kernel's has the tags, decisions and bytes of a process's, wherever both reply.

    The process may get no request at all: its socket's policy check, gate 2, comes between.
    """
    kernel = ping(config, PATCHED, "kernel", src=A, dst=B)
    process = ping(config, PATCHED, "userspace", src=A, dst=B)
    if len(process.replies) != len(kernel.replies):
        assert "socket-policy" in [step.reason for step in process.at("rip_input", "P1")]
        return
    assert kernel.replies == process.replies
    assert tags_on_lo0(kernel) == tags_on_lo0(process)
    assert decisions(kernel) == decisions(process)
