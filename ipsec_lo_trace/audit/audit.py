"""An audit from its head to its verdict, record by record."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from ipsec_lo_trace import __version__
from ipsec_lo_trace.audit.associations import Association
from ipsec_lo_trace.audit.auditor import Auditor
from ipsec_lo_trace.audit.judgement import Judged, described
from ipsec_lo_trace.capture.frame import CaptureError
from ipsec_lo_trace.capture.read import Capture
from ipsec_lo_trace.model.audit import (
    AUDIT_CODES,
    AUDIT_OUTCOMES,
    LEAK_CODES,
    SCHEMA,
    AuditFinding,
    AuditPacket,
    AuditRun,
    AuditVerdict,
)
from ipsec_lo_trace.model.databases import Databases
from ipsec_lo_trace.model.records import policy_records, sa_records


class Audit:
    """An audit in progress: ``run`` is its head, ``packets()`` are its rows, ``verdict()`` comes last.

    A capture that breaks off is audited as far as it goes; ``error`` then says where and why.
    """

    def __init__(self, capture: Capture, db: Databases, *, capture_name: str, config: list[str]) -> None:
        """Take a capture and the databases of its host; the names are for the head."""
        self.run = AuditRun(
            schema=SCHEMA,
            tool=f"ipsec-lo-trace {__version__}",
            capture=capture_name,
            link_type=capture.link_type,
            config=config,
            sas=sa_records(db),
            policies=policy_records(db),
        )
        self.error: CaptureError | None = None
        self._auditor = Auditor(self.run, db)
        self._judged = self._judge(capture)

    def packets(self) -> Iterator[AuditPacket]:
        """Judge each packet and describe it."""
        return map(described, self._judged)

    def verdict(self) -> AuditVerdict:
        """Judge what is left of the capture without describing it, and sum up."""
        deque(self._judged, maxlen=0)
        return conclude(self._auditor, self.error.reason if self.error else "")

    def _judge(self, capture: Capture) -> Iterator[Judged]:
        try:
            yield from map(self._auditor.see, capture)
        except CaptureError as error:
            self.error = error


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
