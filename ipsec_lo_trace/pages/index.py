"""All pages: by kind, by name, and what a mistyped name may have meant."""

from __future__ import annotations

import re

from ipsec_lo_trace.model.suggest import likely
from ipsec_lo_trace.pages.algorithms import ALGORITHMS
from ipsec_lo_trace.pages.codes import AUDIT_PAGES, CODE_PAGES, OUTCOME_PAGES
from ipsec_lo_trace.pages.counters import COUNTER_PAGES
from ipsec_lo_trace.pages.generated import PROBES, STAGES
from ipsec_lo_trace.pages.kernels import CASES, FIXES, KERNELS, KNOB_PAGES
from ipsec_lo_trace.pages.labels import LABEL_PAGES, kind_page
from ipsec_lo_trace.pages.laws import CLAIM_PAGES, LAW_PAGES, TRUTH_PAGES
from ipsec_lo_trace.pages.marks import MARKS
from ipsec_lo_trace.pages.page import Page
from ipsec_lo_trace.pages.questions import QUESTION_PAGES
from ipsec_lo_trace.pages.runs import RUN_PAGES
from ipsec_lo_trace.pages.steps import STEP_PAGES
from ipsec_lo_trace.pages.terms import TERMS
from ipsec_lo_trace.pages.words import DECISIONS, ERRNOS, VIAS

_KINDS = {
    "steps": ("the eight steps of the 2003 analysis", STEP_PAGES),
    "stages": ("modelled kernel functions that take the packet", STAGES),
    "marks": ("packet tags and mbuf flags", MARKS),
    "counters": ("kernel counters that can move", COUNTER_PAGES),
    "outcomes": ("results of a run", OUTCOME_PAGES),
    "codes": ("why it has that result", CODE_PAGES),
    "audits": ("what an audit can find", AUDIT_PAGES),
    "questions": ("what stages ask", QUESTION_PAGES),
    "transfers": ("how a packet is handed on", VIAS),
    "decisions": ("what a stage can decide", DECISIONS),
    "errnos": ("what a drop can return", ERRNOS),
    "fixes": ("treatments of stale marks", FIXES),
    "knobs": ("switches of the kernel, for --set", KNOB_PAGES),
    "kernels": ("kernels that can be run", KERNELS),
    "probes": ("other traffic than a ping", PROBES),
    "cases": ("configurations to run it under, for --case", CASES),
    "laws": ("what a sweep holds every run to", LAW_PAGES),
    "truths": ("known kernel behaviour that breaks a law", TRUTH_PAGES),
    "claims": ("what can be proved of every small configuration", CLAIM_PAGES),
    "algorithms": ("ciphers and authenticators", ALGORITHMS),
    "runs": ("runs of real kernels that other pages rest on", RUN_PAGES),
    "terms": ("the glossary", TERMS),
}
_LABELS = "labels of the screens"
_KIND_PAGES = tuple(kind_page(kind, meaning) for kind, (meaning, _pages) in _KINDS.items())
KINDS = {**_KINDS, "labels": (_LABELS, (*LABEL_PAGES, *_KIND_PAGES, kind_page("labels", _LABELS)))}
"""Each kind's meaning and its pages."""

PAGES = tuple(page for _meaning, pages in KINDS.values() for page in pages)
_FIX = "|".join(re.escape(name) for page in FIXES for name in (page.name, *page.aliases))
FORMS = (
    (r"(\w+)(\[\d+\])?", (r"\1[0]",)),
    (r"[pf]\d+(/(\d+|loop[12]|copy))*", ("p1",)),
    (r"(echo|row) \d+", (r"\1",)),
    (r"(esp|ah|ipcomp)/(transport|tunnel|any)/[^/]*/(default|use|require|unique)(:\d+)?", ("rule",)),
    (r"((ah|esp|ipcomp):[\da-f]+#\d+(/(?=.)|$))+", ("crossing",)),
    (r"0x[\da-f]{1,8}", ("spi",)),
    (rf"@({_FIX})", ("@", r"\1")),
    (r"ip_output-([\w-]+)", ("no-clear", r"\1")),
    (r"([a-z]+)-to-([a-z]+)", ("never-worse", r"\1", r"\2")),
    (r"(.+):", (r"\1",)),
)
"""Forms of names, and the pages of each: of an array that of its first, of @NAME the fix's too.

Ways to break a claim have that of the claim, and those of the decision or outcomes in their names."""


def names_of(page: Page) -> tuple[str, ...]:
    """Return every spelling of a page's name."""
    return (page.name, *page.aliases)


def find(name: str) -> list[Page]:
    """Return the pages named ``name``, ignoring case; some words are of two kinds.

    What has no page of its own has those of its form, as P3, 0x1000 and esp/transport//require.
    """
    wanted = name.strip().lower()
    found = _named(wanted)
    for form, meant in () if found else FORMS:
        match = re.fullmatch(form, wanted)
        parts = [_named(match.expand(each)) for each in meant] if match else []
        if parts and all(parts):
            return [page for part in parts for page in part]
    return found


def _named(wanted: str) -> list[Page]:
    return [page for page in PAGES if wanted in (spelling.lower() for spelling in names_of(page))]


def near(name: str) -> list[str]:
    """Return names that look like ``name``, the likeliest first."""
    return likely(name.strip(), [spelling for page in PAGES for spelling in names_of(page)])
