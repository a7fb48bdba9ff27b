"""Is every code of an audit explained, weighed, and of one kind?"""

from __future__ import annotations

from ipsec_lo_trace.model.audit import (
    AUDIT_CODES,
    AUDIT_FIXES,
    AUDIT_OUTCOMES,
    LEAK_CODES,
    NOTE_CODES,
    UNSURE_CODES,
    weight,
)
from ipsec_lo_trace.pages.index import KINDS, find
from tests.cli.support import invoke


def test_every_code_and_outcome_has_a_page() -> None:
    """Explain knows each name that an audit can print, with the words that the audit uses."""
    pages = {page.name: page for page in KINDS["audits"][1]}
    assert pages.keys() == AUDIT_CODES.keys() | {"unsure"}
    assert all(find(name) for name in AUDIT_OUTCOMES)
    for name in AUDIT_FIXES:
        assert " ".join(AUDIT_FIXES[name].split()) in " ".join(invoke("explain", name).text.split())


def test_codes_are_of_one_weight() -> None:
    """No code is in two tables, and a fix is for a code."""
    assert len(AUDIT_CODES) == len(LEAK_CODES) + len(UNSURE_CODES) + len(NOTE_CODES)
    assert [weight(code) for code in ("clear-text", "wrong-icv", "shared-sa")] == ["leak", "unsure", "note"]
    assert AUDIT_FIXES.keys() <= AUDIT_CODES.keys()
