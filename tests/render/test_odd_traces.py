"""Traces that no tracer writes, but a hand or a later version may: found by fuzzing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ipsec_lo_trace.model.errors import UserError
from ipsec_lo_trace.render.timeline import View
from tests.render.support import opened, printed, stored

FULL = View(width=100, detail="full", show_bytes="all")


def changed(change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """Return a trace of which some records were changed."""
    records = [json.loads(line) for line in stored().splitlines()]
    change(records)
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def text(data: bytes) -> str:
    """Show a trace with all that it has."""
    return "".join(f"{line}\n" for line in printed(opened(data), FULL))


def test_a_trace_that_is_not_changed() -> None:
    """The changes below are what makes the difference."""
    assert text(changed(len)) == text(stored())


def test_a_mark_that_no_row_made() -> None:
    """A row's marks must have been made by a row before it."""

    def forget(records: list[dict[str, Any]]) -> None:
        for record in records:
            if record["kind"] == "step":
                record["changes"] = []

    with pytest.raises(UserError, match=r"row \d+ has a mark \w+ of row \d+, which made none"):
        text(changed(forget))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("bytes", "4x", "Expected `str` matching regex"),
        ("bytes", "450", "Expected `str` matching regex"),
        ("analysis", 9, "Expected `int` <= 8"),
        ("analysis", -1, "Expected `int` >= 0"),
    ],
)
def test_values_that_cannot_be(field: str, value: object, message: str) -> None:
    """Bytes are whole and in hexadecimal, and the analysis has eight steps."""
    data = changed(lambda records: records[3].update({field: value}))
    with pytest.raises(UserError, match="not a trace record: ") as raised:
        text(data)
    assert message in str(raised.value)


def test_a_question_of_a_later_version_is_shown_by_its_name() -> None:
    """A question without words here is no reason not to show the trace."""

    def rename(records: list[dict[str, Any]]) -> None:
        for record in records[1:-1]:
            for check in record["checks"]:
                check["id"] = "not-yet-asked"

    assert "not-yet-asked [" in text(changed(rename))
