"""An audit for a CI server: a test case for each thing that an audit can find fault with."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import quoteattr

from ipsec_lo_trace.cli.checking.report import NO_TIME, printable
from ipsec_lo_trace.cli.files import PROGRAM
from ipsec_lo_trace.model.audit import LEAK_CODES, UNSURE_CODES, AuditFinding, AuditRun, AuditVerdict
from ipsec_lo_trace.render.audit import where

CASES = LEAK_CODES | UNSURE_CODES


def junit_lines(run: AuditRun, verdict: AuditVerdict) -> Iterator[str]:
    """Yield JUnit's XML: leaks are failures, what could not be verified is skipped, for nobody knows."""
    found = {code: [each for each in verdict.findings if each.code == code] for code in CASES}
    failures = sum(bool(found[code]) for code in LEAK_CODES)
    name = quoteattr(printable(run.capture))
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<testsuites>"
    yield (
        f'  <testsuite id="0" name={name} package="{PROGRAM}" {NO_TIME} '
        f'tests="{len(CASES) + 1}" failures="{failures}" errors="{int(bool(verdict.trouble))}" time="0">'
    )
    yield "    <properties/>"
    for code in CASES:
        yield from _case(code, name, found[code])
    yield from _whole(name, verdict.trouble)
    yield f"    <system-out>{printable(f'{verdict.outcome} ({verdict.code})')}</system-out>"
    yield "    <system-err/>"
    yield "  </testsuite>"
    yield "</testsuites>"


def _case(code: str, suite: str, findings: list[AuditFinding]) -> Iterator[str]:
    head = f'    <testcase name="no {code}" classname={suite} time="0"'
    if not findings:
        yield f"{head}/>"
        return
    told = "; ".join(f"{where(each)}: {each.text}" for each in findings)
    message = quoteattr(printable(told))
    yield f"{head}>"
    if findings[0].weight == "leak":
        yield f'      <failure type="leak" message={message}/>'
    else:
        yield f"      <skipped message={message}/>"
    yield "    </testcase>"


def _whole(suite: str, trouble: str) -> Iterator[str]:
    head = f'    <testcase name="the capture is whole" classname={suite} time="0"'
    if not trouble:
        yield f"{head}/>"
        return
    yield f"{head}>"
    yield f'      <error type="capture" message={quoteattr(printable(trouble))}/>'
    yield "    </testcase>"
