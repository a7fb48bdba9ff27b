"""Read the parts of an audit that several processes wrote, and see that they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ipsec_lo_trace.model.audit import SCHEMA, AuditPart, AuditRun
from ipsec_lo_trace.model.errors import UserError, unreadable

MAX_PART_LEN = 1 << 26
"""How many bytes a part may have: 64 MiB, a hundred times what a full one has."""
_HINT = "audit --shard I/N -o FILE writes one"
_HEAD = msgspec.json.Decoder(AuditRun)
_PART = msgspec.json.Decoder(AuditPart)


def read_parts(paths: Sequence[str]) -> tuple[AuditRun, list[AuditPart]]:
    """Read all parts of one audit, in any order; UserError for what is none, or is of another audit."""
    read = [_read_part(path) for path in paths]
    head, part, file = read[0]
    for other_head, other, other_file in read[1:]:
        if (other_head, other.shards, other.packets) != (head, part.shards, part.packets):
            reason = f"not of the same audit as {file}: captures, configurations and N must be the same"
            raise UserError(reason, file=other_file)
    missing = sorted(set(range(1, part.shards + 1)) - {one.shard for _head, one, _file in read})
    if missing or len(read) > part.shards:
        reason = f"part {missing[0]}/{part.shards} is missing" if missing else "a part stands there twice"
        raise UserError(reason, hint=f"each of 1/{part.shards} to {part.shards}/{part.shards} once")
    return head, [one for _head, one, _file in sorted(read, key=lambda each: each[1].shard)]


def _read_part(path: str) -> tuple[AuditRun, AuditPart, str]:
    data, file = _read(path), path
    lines = data.splitlines()
    if len(lines) != 2:  # noqa: PLR2004 -- a head and a part
        raise UserError("no part of an audit", file=file, hint=_HINT)
    try:
        head, part = _HEAD.decode(lines[0]), _PART.decode(lines[1])
    except (ValueError, RecursionError) as error:
        raise UserError(f"no part of an audit: {error}", file=file, hint=_HINT) from None
    if head.schema != SCHEMA:
        raise UserError(f"its schema is {head.schema}, not {SCHEMA}", file=file)
    if not 1 <= part.shard <= part.shards:
        raise UserError(f"part {part.shard}/{part.shards}: there is no such one", file=file)
    return head, part, file


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as opened:
            data = opened.read(MAX_PART_LEN + 1)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if len(data) > MAX_PART_LEN:
        raise UserError(f"larger than {MAX_PART_LEN} bytes, so it is no part of an audit", file=path)
    return data
