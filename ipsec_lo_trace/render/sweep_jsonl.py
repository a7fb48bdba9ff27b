"""A sweep's report as JSON Lines: the sweep without its broken laws, then each of those, ours first."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ipsec_lo_trace.model.sweep import Sweep


def sweep_jsonl(sweep: Sweep) -> Iterator[bytes]:
    """Give the lines, each with its newline."""
    records = (msgspec.structs.replace(sweep, broken=[]), *sweep.ours, *sweep.known)
    return (msgspec.json.encode(record) + b"\n" for record in records)
