"""Read the parts of an audit that several processes wrote, and see that they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from ipsec_lo_trace.model.audit import AUDIT_CODES, SCHEMA, AuditPart, AuditRun
from ipsec_lo_trace.model.errors import UserError, unreadable
from ipsec_lo_trace.model.outside import MisreadError, decoded, taken

MAX_PART_LEN = 1 << 26
"""How many bytes a part may have: 64 MiB, a hundred times what a full one has."""
MAX_SHARES = 9999
MAX_NUMBER = 1 << 53
"""The greatest number that every reader of JSON takes as it is."""
SEALING = ("esp", "ah")
_HINT = "audit --shard I/N -o FILE writes one"
_HEAD = msgspec.json.Decoder(AuditRun)
_PART = msgspec.json.Decoder(AuditPart)


def read_parts(paths: Sequence[str]) -> tuple[AuditRun, list[AuditPart]]:
    """Read all parts of one audit, in any order; UserError for what is none, or is of another audit."""
    read = [_read_part(path) for path in paths]
    head, part, file = read[0]
    for other_head, other, other_file in read[1:]:
        if (other_head, _whole(other)) != (head, _whole(part)):
            reason = f"not of the same audit as {file}: capture, configuration and N must be the same"
            raise UserError(reason, file=other_file)
    _check_numbers([one.shard for _head, one, _file in read], part.shards)
    return head, [one for _head, one, _file in sorted(read, key=lambda each: each[1].shard)]


def _whole(part: AuditPart) -> tuple[object, ...]:
    """Return what the parts of one audit have in common."""
    return part.shards, part.digest, part.packets, part.trouble


def _check_numbers(numbers: list[int], shards: int) -> None:
    hint = f"each of 1/{shards} to {shards}/{shards} once"
    twice = next((number for number in numbers if numbers.count(number) > 1), 0)
    if twice:
        raise UserError(f"part {twice}/{shards} stands there twice", hint=hint)
    missing = next((number for number in range(1, len(numbers) + 2) if number not in numbers), 0)
    if len(numbers) < shards:
        raise UserError(f"part {missing}/{shards} is missing", hint=hint)


def _read_part(path: str) -> tuple[AuditRun, AuditPart, str]:
    data, file = _read(path), path
    lines = data.splitlines()
    if len(lines) != 2:  # noqa: PLR2004 -- a head and a part
        raise UserError("no part of an audit", file=file, hint=_HINT)
    try:
        head, part = decoded(_HEAD.decode, lines[0]), decoded(_PART.decode, lines[1])
    except MisreadError as error:
        raise UserError(f"no part of an audit: {error}", file=file, hint=_HINT) from None
    if head.schema != SCHEMA:
        raise UserError(f"its schema is {head.schema}, not {SCHEMA}", file=file)
    if not 1 <= part.shard <= part.shards <= MAX_SHARES:
        raise UserError(f"part {part.shard}/{part.shards}: there is no such one", file=file)
    if not _can_be(head, part):
        raise UserError("no part of an audit: its numbers and names cannot be", file=file, hint=_HINT)
    return head, part, file


def _can_be(head: AuditRun, part: AuditPart) -> bool:
    """Tell whether a part's counts, codes and SAs can be those of an audit."""
    numbers = [part.packets, part.leaks, part.answered, part.waiting, part.forgotten]
    numbers += [*part.got.values(), *(number for use in part.uses for number in (use.good, use.first))]
    numbers += [number for use in part.uses for number in use.bad.values()]
    numbers += [number for count in part.counts for number in (count.first, count.packets)]
    sealing = sum(sa.proto in SEALING for sa in head.sas)
    return (
        all(0 <= number <= MAX_NUMBER for number in numbers)
        and all(
            count.code in AUDIT_CODES.keys() - {"clean", "no-policy", "policies-left-out"}
            for count in part.counts
        )
        and len(part.uses) in (0, sealing)
    )


def _read(path: str) -> bytes:
    try:
        with Path(path).open("rb") as opened:
            return taken(opened, MAX_PART_LEN, path)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
