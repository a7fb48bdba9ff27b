"""The difference of two traces as one JSON document, written row by row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from ipsec_lo_trace.model.trace import Step
from ipsec_lo_trace.render.diff.compare import SAME, Comparison, Difference, Pair
from ipsec_lo_trace.render.diff.words import plain
from ipsec_lo_trace.render.shown import shown
from ipsec_lo_trace.render.store import StoredTrace

SCHEMA = "ipsec-lo-trace-diff/1"


def diff_json(comparison: Comparison) -> Iterator[bytes]:
    """Yield the document in pieces: both traces, the differences of runs and rows, counters, verdicts.

    ``a`` and ``b`` of a difference are row numbers, null where there is no such row; marks come without the
    row that made them.
    """
    head = {
        "schema": SCHEMA,
        "traces": {"a": _trace(comparison.a), "b": _trace(comparison.b)},
        "run": _named(comparison.run),
    }
    yield shown(msgspec.json.encode(head))[:-1] + b',\n"differences":['
    comma = b""
    for pairs in comparison.echoes():
        for pair in pairs:
            if pair.op is not SAME:
                yield comma + b"\n" + shown(msgspec.json.encode(_difference(pair)))
                comma = b","
    tail = {
        "rows": comparison.count,
        "counters": _named(comparison.counters),
        "verdict": _named([one for one in comparison.verdict if one.name != "counters"]),
        "verdicts": {"a": comparison.a.verdict, "b": comparison.b.verdict},
        "same": not comparison.differ,
    }
    yield b"\n],\n" + shown(msgspec.json.encode(tail))[1:] + b"\n"


def _trace(trace: StoredTrace) -> dict[str, str]:
    name = trace.name.encode("utf-8", "backslashreplace").decode()  # a file's name may be no UTF-8
    return {"name": name, "kernel": trace.run.kernel, "fix": trace.run.fix}


def _named(differences: list[Difference]) -> dict[str, Any]:
    return {one.name: {"a": one.a, "b": one.b} for one in differences}


def _difference(pair: Pair) -> dict[str, Any]:
    step = pair.step
    return {
        "op": pair.op,
        "key": {"echo": step.echo, "packet": step.packet, "stage": step.stage, "visit": step.visit},
        "a": _row(pair.a),
        "b": _row(pair.b),
        "fields": {} if pair.a is None or pair.b is None else _fields(pair.a, pair.b, pair.fields),
    }


def _row(step: Step | None) -> int | None:
    return None if step is None else step.row


def _fields(a: Step, b: Step, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: {"a": plain(a, name), "b": plain(b, name)} for name in names}
