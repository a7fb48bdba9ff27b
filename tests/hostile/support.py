"""Inputs that somebody made to do harm, and traces with something planted in their texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.support import ping

DATA = Path(__file__).parents[1] / "data" / "hostile"
OBEYED = ("\x9b31m", "\u202e", "\u2066", "\u200b", "\u2028", "\x7f", "\U000e0041", "\ufeff")
"""What a terminal, or whoever reads along, would obey and nobody sees."""


def stored(
    folder: Path, *, verdict: dict[str, Any] | None = None, step: dict[str, Any] | None = None
) -> Path:
    """Store an unpatched run, with fields of its verdict and of all its steps replaced."""
    records = [json.loads(line) for line in ping("--format", "jsonl").lines]
    for record in records:
        record.update({"verdict": verdict, "step": step}.get(record["kind"]) or {})
    path = folder / "trace.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="ascii")
    return path
