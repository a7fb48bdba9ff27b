"""Read the parts of an audit that several processes wrote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from ipsec_lo_trace.cli.run.parts import Whole, read_parts
from ipsec_lo_trace.model.audit import AUDIT_CODES, SCHEMA, AuditPart, AuditRun
from ipsec_lo_trace.model.outside import MisreadError, decoded

MAX_NUMBER = 1 << 53
"""The greatest number that every reader of JSON takes as it is."""
SEALING = ("esp", "ah")
_HEAD = msgspec.json.Decoder(AuditRun)
_PART = msgspec.json.Decoder(AuditPart)


class _Half(NamedTuple):
    """A part with its head."""

    head: AuditRun
    part: AuditPart

    @property
    def shard(self) -> int:
        """Which share it is, from 1."""
        return self.part.shard

    @property
    def shards(self) -> int:
        """How many shares there are."""
        return self.part.shards


def read_audit(paths: Sequence[str]) -> tuple[AuditRun, list[AuditPart]]:
    """Read all parts of one audit, in any order; UserError for what is none, or is of another audit."""
    read = read_parts(paths, _WHOLE)
    return read[0].head, [each.part for each in read]


def _common(each: _Half) -> tuple[object, ...]:
    """Return what the parts of one audit have in common."""
    return each.head, each.part.digest, each.part.packets, each.part.trouble


def _read(data: bytes) -> _Half:
    lines = data.splitlines()
    if len(lines) != 2:  # noqa: PLR2004 -- a head and a part
        raise MisreadError("it has not two lines")
    head, part = decoded(_HEAD.decode, lines[0]), decoded(_PART.decode, lines[1])
    return _Half(head, part)


def _fault(each: _Half) -> str:
    if each.head.schema != SCHEMA:
        return f"its schema is {each.head.schema}, not {SCHEMA}"
    return "" if _can_be(each.head, each.part) else "its numbers and names cannot be"


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


_WHOLE = Whole(
    command="audit",
    what="an audit",
    same="capture, configuration",
    read=_read,
    fault=_fault,
    common=_common,
)
