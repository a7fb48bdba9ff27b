"""Which flags a copied header keeps (M_COPYFLAGS): one list of 2004 lacks the three of IPsec."""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, defs, probe
from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.tracer.tracing import Trace

KEPT = ("all", True), ("not-ipsec", False)


def run(kind: str, copy_flags: str, **what: object) -> Trace:
    """Run a probe with the switch turned."""
    return probe(kind, Setup(settings={"copy_flags": copy_flags}, **what))  # type: ignore[arg-type]


def flags(step: Step) -> bool:
    """Tell whether a packet bears an IPsec flag after a row."""
    return any(mark.name.startswith("M_") for mark in step.marks)


@pytest.mark.parametrize(("copy_flags", "kept"), KEPT)
def test_copied_flags_where_options_are_inserted(copy_flags: str, *, kept: bool) -> None:
    """The reply to a record route has its options in a new first mbuf with a copied header."""
    ran = run("record-route", copy_flags, case="lo-esp")
    [out, *_] = [step for step in ran.steps if step.stage == "ip_output" and step.packet == "P2"]
    assert flags(out) is kept


@pytest.mark.parametrize(("copy_flags", "kept"), KEPT)
def test_copied_flags_where_a_redirect_quotes(copy_flags: str, *, kept: bool) -> None:
    """Without the flag in its copy icmp_error does not see that the packet came by ESP."""
    ran = run("redirect", copy_flags)
    quoted = [step for step in ran.steps if step.stage == "icmp_error" and step.packet.endswith("/copy")]
    answers = [check.answer for step in quoted for check in step.checks]
    assert ("yes" in answers) is kept


UDP = """
add 127.0.0.1 127.0.0.1 esp 0x1001 -E 3des-cbc "123456789012345678901234" ;
add 127.0.0.1 127.0.0.1 ah 0x1002 -A hmac-sha1 "01234567890123456789" ;
spdadd 127.0.0.1 127.0.0.1 udp -P out ipsec esp/transport//require ;
spdadd 127.0.0.1 127.0.0.1 udp -P in ipsec ah/transport//require ;
"""


@pytest.mark.parametrize(("copy_flags", "kept"), KEPT)
def test_copied_flags_where_admin_prohibit_quotes(copy_flags: str, *, kept: bool) -> None:
    """A datagram by ESP that its socket's policy refuses is quoted in clear if the copy lost M_DECRYPTED."""
    ran = run("udp-echo", copy_flags, config=UDP)
    suppressed = [step for step in ran.steps if step.reason == "error-suppressed"]
    assert bool(suppressed) is kept
    assert any(step.wire.proto == ["icmp"] for step in ran.steps if step.stage == "looutput") is not kept


@pytest.mark.parametrize(("copy_flags", "kept"), KEPT)
def test_copied_flags_of_a_multicast_copy(copy_flags: str, *, kept: bool) -> None:
    """The copy that ip_mloopback makes has the flags if they are kept."""
    from ipsec_lo_trace.kernel.kern.uipc_mbuf import M_DECRYPTED, m_set_flag  # noqa: PLC0415
    from ipsec_lo_trace.kernel.netinet.ip_output import ip_mloopback  # noqa: PLC0415
    from ipsec_lo_trace.model.build import Build, turn  # noqa: PLC0415
    from ipsec_lo_trace.model.mbuf import Mbuf  # noqa: PLC0415
    from tests.kernel.bench import Bench, echo  # noqa: PLC0415

    bench = Bench(build=turn(Build(), {"copy_flags": copy_flags}))
    original, copy = (Mbuf(echo(), echo=1, packet=packet) for packet in ("P1", "P1/loop1"))
    m_set_flag(original, M_DECRYPTED)
    ip_mloopback(bench.kernel, copy, defs.Loopback(original, "lo0"))
    assert bool(copy.flags) is kept
