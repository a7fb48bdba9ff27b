"""Does the list of crossings come back as it was made?"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.findings import crossings as spool
from ipsec_lo_trace.findings.crossings import Crossings
from tests.findings.test_echo import wire
from tests.findings.test_judge import step


@pytest.mark.parametrize("buffer", [0, 1 << 16])
def test_crossings_come_back_in_order_however_often(monkeypatch: pytest.MonkeyPatch, buffer: int) -> None:
    """Through the buffer or the file, read twice or added to in between: each crossing once, in order."""
    monkeypatch.setattr(spool, "BUFFER_BYTES", buffer)
    kept = Crossings()
    for row in (3, 5):
        kept.add(step("looutput", "P1", row=row, wire=wire("esp", spi=7)))
    assert [each.row for each in kept] == [3, 5]
    kept.add(step("looutput", "P2", row=9, echo=2))
    assert [(each.row, each.packet, each.echo) for each in kept] == [(3, "P1", 1), (5, "P1", 1), (9, "P2", 2)]
    (first, *_others) = kept
    assert (first.proto, first.spi, first.src, first.len) == (["esp"], [7], "127.0.0.1", 84)
    assert not any(line.endswith(b"\n") for line in kept.lines())
    kept.close()
