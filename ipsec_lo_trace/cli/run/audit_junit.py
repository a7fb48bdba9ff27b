"""An audit for a CI server: a test case for each thing that an audit can find fault with."""

from __future__ import annotations

from ipsec_lo_trace.cli.junit import Case, Suite
from ipsec_lo_trace.model.audit import LEAK_CODES, UNSURE_CODES, AuditFinding, AuditRun, AuditVerdict
from ipsec_lo_trace.render.audit import where

CASES = LEAK_CODES | UNSURE_CODES


def audit_suite(run: AuditRun, verdict: AuditVerdict) -> Suite:
    """Return an audit's suite: leaks fail, what could not be verified is skipped, for nobody knows."""
    cases = [_case(code, [each for each in verdict.findings if each.code == code]) for code in CASES]
    fault, kind = ("error", "capture") if verdict.trouble else ("", "")
    whole = Case("the capture is whole", fault, kind, verdict.trouble)
    return Suite(run.capture, [*cases, whole], f"{verdict.outcome} ({verdict.code})")


def _case(code: str, findings: list[AuditFinding]) -> Case:
    if not findings:
        return Case(f"no {code}")
    fault, kind = ("failure", "leak") if findings[0].weight == "leak" else ("skipped", "")
    return Case(f"no {code}", fault, kind, "; ".join(f"{where(each)}: {each.text}" for each in findings))
