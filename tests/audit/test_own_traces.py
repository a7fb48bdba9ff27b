"""Does an audit of what our own runs put on lo0 agree with their verdicts?"""

from __future__ import annotations

import io

import pytest

from ipsec_lo_trace.audit.audit import Audit
from ipsec_lo_trace.capture.read import open_capture
from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.model.audit import LEAK_CODES, AuditPacket, AuditVerdict
from ipsec_lo_trace.model.trace import Verdict
from ipsec_lo_trace.render.export.pcapng import write_wire
from ipsec_lo_trace.render.store import spool
from ipsec_lo_trace.setkey.host import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.ping import PingOptions
from ipsec_lo_trace.userland.program import ProbeOptions
from tests.support import LOCALHOST, PATCHED, SCENARIOS, UNPATCHED, A, B, ends, scenario

pytestmark = pytest.mark.slow

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.conf"))


def both(
    name: str, fix: str, options: PingOptions | ProbeOptions
) -> tuple[Verdict, list[AuditPacket], AuditVerdict]:
    """Trace over a scenario, export what crossed lo0, and audit that against the same configuration."""
    plan = Plan(
        options=options,
        fix=known_fix(fix),
        chosen="",
        config=Origin("given"),
        local=frozenset({LOCALHOST, A, B}),
    )
    tracing = Tracing(plan, scenario(name))
    stored = spool(tracing.stretches(), tracing.crossings.lines())
    exported = io.BytesIO()
    write_wire(stored, exported)
    exported.seek(0)
    audit = Audit(open_capture(exported, name), load(scenario(name).text, name), capture_name=name, config=[])
    packets = list(audit.packets())
    tracing.crossings.close()
    stored.close()
    return stored.verdict, packets, audit.verdict()


def ping(name: str, size: int = 56) -> PingOptions:
    """Ping twice between a scenario's ends."""
    src, dst = ends(name)
    return PingOptions(dst=dst, src=src, count=2, size=size)


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [56, pytest.param(40000, marks=pytest.mark.slow)])
def test_verdicts_agree(name: str, fix: str, size: int) -> None:
    """What leaked on lo0 is a leak to the audit, by its cause; what was let in in clear is doubted."""
    ours, packets, theirs = both(name, fix, ping(name, size))
    found = {code for packet in packets for code in packet.codes}
    crossed = ours.outcome == "leak" and "crossed lo0" in ours.text
    assert (theirs.outcome == "leak") == crossed == bool(found & LEAK_CODES.keys())
    if crossed:
        assert (ours.code, theirs.code) == ("stale-out-done", "reply-in-clear-2003")
    elif ours.outcome == "leak":
        assert theirs.code == "in-policy-unmet"
    elif ours.outcome in ("clean", "stale"):
        assert theirs.outcome == "clean"


@pytest.mark.parametrize("fix", [UNPATCHED, PATCHED])
@pytest.mark.parametrize("name", NAMES)
def test_every_packet_of_ours_opens(name: str, fix: str) -> None:
    """Each crossing verifies and opens; its protocols and numbers are those that the trace has."""
    ours, packets, _theirs = both(name, fix, ping(name))
    assert all(packet.got not in ("wrong", "unopened", "") for packet in packets)
    assert [(packet.wire.proto, packet.wire.spi, packet.wire.seq) for packet in packets] == [
        (crossing.proto, crossing.spi, crossing.seq) for crossing in ours.lo0
    ]


def test_the_shared_sa_is_named() -> None:
    """With the fix one SA for both ways counts 1, 3, 5, 7, and the audit says what that means."""
    _ours, packets, theirs = both("lo-esp", PATCHED, ping("lo-esp"))
    assert [packet.wire.seq for packet in packets] == [[1], [3], [5], [7]]
    assert [(finding.code, finding.weight, finding.packets) for finding in theirs.findings] == [
        ("shared-sa", "note", 4)
    ]


@pytest.mark.parametrize("name", ["lo-esp", "lo-ah"])
def test_a_rst_in_clear_is_told_from_a_reply(name: str) -> None:
    """A RST in clear has a code of its own: the fix in icmp_reflect does not mend it, that in lo0 does."""
    probe = ProbeOptions("tcp-closed", LOCALHOST)
    for fix in (UNPATCHED, PATCHED):
        _ours, packets, theirs = both(name, fix, probe)
        assert theirs.code == "rst-in-clear-2003"
        assert packets[1].answers == 1
    assert both(name, "netbsd-2.0", probe)[2].outcome == "clean"


@pytest.mark.parametrize("kind", ["timestamp", "mask"])
def test_other_icmp_requests_are_paired(kind: str) -> None:
    """Timestamp and address mask replies leak like the echo reply, and are found the same way."""
    _ours, packets, theirs = both("lo-esp", UNPATCHED, ProbeOptions(kind, LOCALHOST))
    assert (theirs.code, packets[1].answers) == ("reply-in-clear-2003", 1)
