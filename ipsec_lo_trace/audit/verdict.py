"""Summarise the capture after its last packet."""

from __future__ import annotations

from ipsec_lo_trace.audit.associations import Association
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.model.audit import AuditFinding, AuditVerdict
from ipsec_lo_trace.model.audit_codes import AUDIT_CODES, AUDIT_OUTCOMES, LEAK_CODES

SEALED_KINDS = frozenset({"esp", "ah", "esp+ah", "wrong", "unopened"})
KEY_CODES = ("wrong-icv", "not-opened")
FEW = 2
"""Minimum number of failed packets before a key is suspected: all of the SA's must have failed."""


def conclude(auditor: Auditor, trouble: str = "") -> AuditVerdict:
    """Sum the audit up; ``trouble`` is why the capture could not be read to its end, "" if it could."""
    judgement = auditor.judgement
    for association in auditor.associations.all():
        _sum_up(auditor, association)
    _note_tables(auditor)
    if (
        judgement.tally.codes() & LEAK_CODES.keys() == {"clear-text"}
        and not judgement.got.keys() & SEALED_KINDS
    ):
        judgement.tally.replace("clear-text", "policy-not-applied")
    findings = judgement.tally.findings()
    outcome, code, text = _worst(auditor, findings)
    return AuditVerdict(
        outcome=outcome,
        code=code,
        text=text,
        packets=auditor.packets,
        leaks=judgement.leaks,
        got=dict(sorted(judgement.got.items())),
        answered=judgement.pairs.answered,
        findings=findings,
        trouble=trouble,
    )


def _sum_up(auditor: Auditor, association: Association) -> None:
    """Say once of an SA what all its packets show."""
    tally = auditor.judgement.tally
    failed = sum(association.bad.get(code, 0) for code in KEY_CODES)
    if failed >= FEW and not association.good:
        tally.merge(KEY_CODES, "wrong-key", association.name)
    if association.numbers.shared:
        tally.add("shared-sa", association.first, association.name, association.good)


def _note_tables(auditor: Auditor) -> None:
    """Say what is still open, and what was forgotten because the tables were full."""
    tally, last = auditor.judgement.tally, auditor.packets
    waiting = len(auditor.fragments) + auditor.fragments.forgotten
    if waiting:
        tally.add("fragments-missing", last, "by the end of the capture", waiting)
    forgotten = auditor.judgement.pairs.forgotten
    if forgotten:
        tally.add("tables-full", last, f"{forgotten} requests, whose answers would not be known any more")
    if tally.crowded:
        tally.add("tables-full", last, "findings about too many SAs or addresses are counted together")


def _worst(auditor: Auditor, findings: list[AuditFinding]) -> tuple[str, str, str]:
    """Return outcome, code and text of the verdict."""
    leaks = [finding for finding in findings if finding.weight == "leak"]
    if leaks:
        return "leak", leaks[0].code, f"{_crossed(auditor.judgement.leaks)}; {AUDIT_CODES[leaks[0].code]}"
    unsure = [finding for finding in findings if finding.weight == "unsure"]
    if unsure:
        return "unsure", unsure[0].code, f"{AUDIT_OUTCOMES['unsure']}: {AUDIT_CODES[unsure[0].code]}"
    if not auditor.judgement.got:
        return "unsure", "nothing-seen", AUDIT_CODES["nothing-seen"]
    code = "clean" if auditor.judgement.asked else "no-policy"
    return "clean", code, AUDIT_CODES[code]


def _crossed(leaks: int) -> str:
    packets = "1 packet" if leaks == 1 else f"{leaks} packets"
    return f"{packets} crossed without the protection that a policy asks for"
