"""What an audit found, summed up: from its one part, or from the parts of several processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ipsec_lo_trace.audit.associations import Association
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.describe import cut_text
from ipsec_lo_trace.audit.judgement import CLEAR_TEXT, FAMILIES
from ipsec_lo_trace.audit.shard import ShareAuditor
from ipsec_lo_trace.audit.tally import Tally
from ipsec_lo_trace.model.audit import (
    AUDIT_CODES,
    AUDIT_OUTCOMES,
    AuditFinding,
    AuditPart,
    AuditRun,
    AuditUse,
    AuditVerdict,
)
from ipsec_lo_trace.model.pieces import Shard

ASKED_KINDS = ("clear", "esp", "ah", "esp+ah")
"""What packets got that policies were asked about."""
KEY_CODES = ("wrong-icv", "not-opened")
FEW = 2
"""Minimum number of failed packets before a key is suspected: all of the SA's must have failed."""


def part_of(auditor: Auditor, shard: Shard, trouble: str) -> AuditPart:
    """Say what an auditor found; ``trouble`` is why the capture could not be read on, "" if it could."""
    judgement, fragments = auditor.judgement, auditor.fragments
    # On a host with tunnels each process opens all packets: one of them tells of the SAs.
    tells = shard.number == 1 or not judgement.has_tunnels
    associations = auditor.associations.all() if tells else []
    return AuditPart(
        shard=shard.number,
        shards=shard.of,
        packets=auditor.packets,
        leaks=judgement.leaks,
        got=dict(sorted(judgement.got.items())),
        answered=judgement.pairs.answered,
        counts=judgement.tally.counts(),
        uses=list(map(_use, associations)),
        digest=auditor.digest if isinstance(auditor, ShareAuditor) else 0,
        waiting=len(fragments) + fragments.forgotten,
        forgotten=judgement.pairs.forgotten,
        crowded=judgement.tally.crowded,
        met=judgement.dues.met,
        sealed=sorted(judgement.sealed),
        trouble=trouble,
    )


def _use(association: Association) -> AuditUse:
    return AuditUse(
        name=association.name,
        good=association.good,
        bad=association.bad,
        first=association.first,
        shared=association.numbers.shared,
        cut=cut_text(association.found) if association.found else "",
    )


def merged(parts: Sequence[AuditPart]) -> AuditPart:
    """Put the parts of all shares together; each saw the same capture, under the same configuration."""
    first = parts[0]
    tally = Tally(count for part in parts for count in part.counts)
    return AuditPart(
        shard=1,
        shards=1,
        packets=first.packets,
        leaks=sum(part.leaks for part in parts),
        got=dict(sorted(_summed(part.got for part in parts).items())),
        answered=sum(part.answered for part in parts),
        counts=tally.counts(),
        uses=[_used(uses) for uses in zip(*(part.uses for part in parts if part.uses), strict=True)],
        digest=first.digest,
        waiting=sum(part.waiting for part in parts),
        forgotten=sum(part.forgotten for part in parts),
        crowded=tally.crowded or any(part.crowded for part in parts),
        met=any(part.met for part in parts),
        sealed=sorted({family for part in parts for family in part.sealed}),
        trouble=first.trouble,
    )


def _summed(counts: Iterable[dict[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for count in counts:
        total.update(count)
    return total


def _used(uses: Sequence[AuditUse]) -> AuditUse:
    return AuditUse(
        name=uses[0].name,
        good=sum(use.good for use in uses),
        bad=dict(_summed(use.bad for use in uses)),
        first=min((use.first for use in uses if use.first), default=0),
        shared=any(use.shared for use in uses),
        cut=next((use.cut for use in uses if use.cut), ""),
    )


def conclude(run: AuditRun, part: AuditPart) -> AuditVerdict:
    """Sum up what was found in a whole capture; ``run`` is the audit's head."""
    tally = Tally(part.counts)
    for use in part.uses:
        _sum_up(tally, use)
    _note_tables(tally, part)
    asked = sum(part.got.get(kind, 0) for kind in ASKED_KINDS)
    if run.policies and asked and not part.met:
        tally.add("no-policy-fits", part.packets, "", asked)
    for family in FAMILIES.values():
        if family not in part.sealed:
            tally.merge((CLEAR_TEXT,), "policy-not-applied", family)
    findings = tally.findings()
    outcome, code, text = _worst(run, part, findings)
    return AuditVerdict(
        outcome=outcome,
        code=code,
        text=text,
        packets=part.packets,
        leaks=part.leaks,
        got=part.got,
        answered=part.answered,
        findings=findings,
        trouble=part.trouble,
    )


def _sum_up(tally: Tally, use: AuditUse) -> None:
    """Say once of an SA what all its packets show."""
    failed = sum(use.bad.get(code, 0) for code in KEY_CODES)
    if failed >= FEW and not use.good:
        tally.merge(KEY_CODES, "wrong-key", use.name)
    if use.cut:
        tally.add("icv-length", use.first, f"{use.name}, {use.cut}", use.good)
    if use.shared:
        tally.add("shared-sa", use.first, use.name, use.good)


def _note_tables(tally: Tally, part: AuditPart) -> None:
    """Say what is still open, and what was forgotten because the tables were full."""
    last = part.packets
    if part.waiting:
        tally.add("fragments-missing", last, "by the end of the capture", part.waiting)
    if part.forgotten:
        detail = f"{part.forgotten} requests, whose answers would not be known any more"
        tally.add("tables-full", last, detail)
    if part.crowded:
        tally.add("tables-full", last, "findings about too many SAs or addresses are counted together")


def _worst(run: AuditRun, part: AuditPart, findings: list[AuditFinding]) -> tuple[str, str, str]:
    """Return outcome, code and text of the verdict."""
    leaks = [finding for finding in findings if finding.weight == "leak"]
    if leaks:
        return "leak", leaks[0].code, f"{_crossed(part.leaks)}; {AUDIT_CODES[leaks[0].code]}"
    unsure = [finding for finding in findings if finding.weight == "unsure"]
    if unsure:
        return "unsure", unsure[0].code, f"{AUDIT_OUTCOMES['unsure']}: {AUDIT_CODES[unsure[0].code]}"
    if not part.got:
        return "unsure", "nothing-seen", AUDIT_CODES["nothing-seen"]
    code = "clean" if run.policies else "policies-left-out" if run.policies_left_out else "no-policy"
    return "clean", code, AUDIT_CODES[code]


def _crossed(leaks: int) -> str:
    packets = "1 packet" if leaks == 1 else f"{leaks} packets"
    return f"{packets} crossed without the protection that a policy asks for"
