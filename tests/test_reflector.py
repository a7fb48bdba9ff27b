"""Is the patched kernel's reply what a process in user space would have sent?

REFLECTOR_CASES=10000 in the environment tries as many configurations; tests.reflector_law does so by itself.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipsec_lo_trace.kernel.netinet import ip_icmp
from ipsec_lo_trace.kernel.state import Kernel
from ipsec_lo_trace.model.mbuf import Mbuf
from tests.reflector_law import BY_FLAG, BY_GATE_2, NO_REPLY, SAME, drawn, main, outcome
from tests.support import PATCHED

CASES = int(os.environ.get("REFLECTOR_CASES", str(settings().max_examples * 3 // 2)))
NUMBERS = st.integers(1, 1_000_000)

laws = settings(max_examples=CASES, suppress_health_check=[HealthCheck.too_slow])


@laws
@given(number=NUMBERS)
def test_the_patched_reply_is_a_process_s_reply(number: int) -> None:
    """With the fix both replies have the same tags, decisions, counters and bytes, or a finding tells why."""
    assert outcome(drawn(number), PATCHED) in (SAME, NO_REPLY, BY_FLAG, BY_GATE_2)


@laws
@given(number=NUMBERS)
def test_under_strict_no_flag_makes_an_exception(number: int) -> None:
    """Where lo0 clears the flags too, the two differ only if a process's own gate refuses the request."""
    assert outcome(drawn(number), "strict") in (SAME, NO_REPLY, BY_GATE_2)


@pytest.mark.slow
def test_the_law_meets_every_kind() -> None:
    """Among a few hundred cases are all kinds: the law is not true for want of trying."""
    met = Counter(outcome(drawn(number), PATCHED) for number in range(1, 301))
    assert set(met) == {SAME, NO_REPLY, BY_FLAG, BY_GATE_2}
    assert met[SAME] > 100


def test_the_law_notices_that_the_fix_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """If icmp_reflect keeps the tags, the law is broken."""

    def keeps(_k: Kernel, _m: Mbuf, _what: str) -> str:
        return ""

    monkeypatch.setattr(ip_icmp, "strip", keeps)
    with pytest.raises(AssertionError):
        [outcome(drawn(number), PATCHED) for number in range(1, 50)]


def test_it_runs_by_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """The module prints, for each fix, how often the law came to what."""
    main(5)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [PATCHED, "strict"]
