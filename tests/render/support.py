"""Traces to render: stored ones, from the built-in configurations."""

from __future__ import annotations

import functools
import io

from ipsec_lo_trace.fixes.fix import known_fix
from ipsec_lo_trace.render.store import StoredTrace, write_json, write_jsonl
from ipsec_lo_trace.render.timeline import View, timeline
from ipsec_lo_trace.setkey.builtin import builtin_text
from ipsec_lo_trace.setkey.load import load
from ipsec_lo_trace.tracer.plan import Origin, Plan
from ipsec_lo_trace.tracer.tracing import Tracing
from ipsec_lo_trace.userland.ping import PingOptions
from tests.support import LOCALHOST, UNPATCHED


@functools.cache
def stored(
    fix: str = UNPATCHED,
    *,
    proto: str = "esp",
    mode: str = "transport",
    count: int = 1,
    size: int = 56,
    document: bool = False,
) -> bytes:
    """Give a run's trace as it is on disk: JSON Lines, or one document."""
    trace = Plan(
        options=PingOptions(dst=LOCALHOST, count=count, size=size),
        fix=known_fix(fix),
        chosen="a test",
        config=Origin("given"),
    )
    tracing = Tracing(trace, load(builtin_text(proto=proto, mode=mode, local=LOCALHOST), "a test"))
    out = io.BytesIO()
    write = write_json if document else write_jsonl
    try:
        write(tracing.stretches(), tracing.crossings.lines(), out)
    finally:
        tracing.crossings.close()
    return out.getvalue()


def opened(data: bytes) -> StoredTrace:
    """Open a trace under the name trace.jsonl."""
    return StoredTrace(io.BytesIO(data), "trace.jsonl")


def printed(trace: StoredTrace, view: View) -> list[str]:
    """Return a trace's text, a string a line."""
    return [text for line in timeline(trace, view) for text in line.plain(view.width)]
