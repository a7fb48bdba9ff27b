"""Are fragments shown whole?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.render.store import spool
from ipsec_lo_trace.render.timeline import View
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.ping import PingOptions
from tests.render.support import printed
from tests.support import LOCALHOST, scenario


@pytest.mark.slow
def test_every_row_of_a_fragmented_packet_shows_its_bytes() -> None:
    """With all bytes asked for, each row dumps its packet, also where fragments are on the way."""
    what = Plan(
        options=PingOptions(dst=LOCALHOST, size=40000),
        fix=known_fix("none"),
        chosen="a test",
        config=Origin("given"),
    )
    tracing = Tracing(what, scenario("lo-esp"))
    trace = spool(tracing.stretches(), tracing.crossings.lines())
    rows = sum(1 for _step in trace.steps())
    dumps = [line for line in printed(trace, View(show_bytes="all")) if line.startswith("     0000 ")]
    trace.close()
    tracing.crossings.close()
    assert len(dumps) == rows
