"""The JSON Schema of a trace's records, made from the types that write them."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from ipsec_lo_trace.model.trace import Run, Step, Verdict

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the schema that every line of a trace in JSON Lines validates against."""
    made: dict[str, Any] = msgspec.json.schema(Run | Step | Verdict)
    return json.dumps({"$schema": DIALECT, **made}, indent=2) + "\n"
