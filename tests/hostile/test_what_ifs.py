"""Does every experiment end, and does every request, whatever becomes of its packets?"""

from __future__ import annotations

from collections import Counter

import pytest

from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.machine import run as machine
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.cli.support import Done, invoke

FIXES = [fix.name for fix in all_fixes()]
PROBES = [probe.name for probe in all_probes()]


def probe(kind: str, *options: str) -> Done:
    """Run a probe; nothing may be said on standard error but that a cut deleted nothing."""
    done = invoke("probe", kind, *options)
    assert done.code == 0, done
    assert "fault" not in done.err
    return done


@pytest.mark.parametrize("fix", FIXES)
def test_a_redirect_can_be_cut_anywhere(fix: str) -> None:
    """The quoted copy of a redirected packet has marks of its own: no cut or search for one is a fault."""
    assert "row" in probe("redirect", "--bisect", "--fix", fix).text
    for cut in (
        "tags@icmp_error",
        "flags@icmp_error",
        "marks@icmp_error",
        "tags@ip_forward",
        "tags@ip_output",
    ):
        probe("redirect", "--drop-mark", cut, "--fix", fix, "-q")


@pytest.mark.slow
@pytest.mark.parametrize("kind", PROBES)
def test_every_probe_can_be_cut_anywhere(kind: str) -> None:
    """Tags deleted right after any stage that a probe comes to: it ends, within the rows of its requests."""
    rows = probe(kind, "--format", "jsonl").records[1:-1]
    requests = len({row["echo"] for row in rows})
    for stage in sorted({row["stage"] for row in rows if row["marks"]}):
        cut = probe(kind, "--drop-mark", f"tags@{stage}", "--format", "jsonl").records[1:-1]
        assert len(cut) <= 2 * requests * machine.ROW_LIMIT


def test_copies_that_make_copies_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where each looped copy of a multicast packet is sent again, all copies of a request share a limit."""
    monkeypatch.setattr(machine, "ROW_LIMIT", 500)
    done = probe("multicast-out", "--drop-mark", "tags@ip_output", "--format", "jsonl")
    rows = Counter(row["echo"] for row in done.records[1:-1])
    waiting = Counter(row["echo"] for row in done.records[1:-1] if row["reason"] == "loop")
    assert waiting.total() > 0
    # Behind the limit each packet that is still on its way is dropped in a row of its own.
    assert all(rows[echo] - waiting[echo] == 500 for echo in waiting)


@pytest.mark.slow
def test_the_real_limit_ends_it() -> None:
    """With the limits as they are it ends too, in some ten thousand rows."""
    done = probe("multicast-out", "--drop-mark", "tags@ip_output", "--format", "jsonl")
    assert done.out.count(b"\n") < machine.ROW_LIMIT
