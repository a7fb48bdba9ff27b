"""null-sa: a real panic, which no fix of the tags mends."""

from __future__ import annotations

import pytest

from ipsec_lo_trace import Setup, probe

RAN = ("none", "netbsd-2003-08", "looutput-only", "netbsd-2.0", "freebsd", "openbsd-2002", "strict")
"""The kernels that were run, and panicked, every one."""


@pytest.mark.parametrize("fix", RAN)
def test_null_sa_panics_whatever_is_stripped(fix: str) -> None:
    """A packet without an SA clears the policy's cached SA while another is in crypto: a page fault."""
    trace = probe("redirect", Setup(case="null-sa", fix=fix))
    last = trace.steps[-1]
    assert (last.stage, last.decision, last.reason) == ("ipsec_process_done", "panic", "null-sa")
    assert trace.verdict.outcome == "panic"
