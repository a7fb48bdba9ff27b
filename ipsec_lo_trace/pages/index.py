"""All pages: by kind, by name, and what a mistyped name may have meant."""

from __future__ import annotations

import re

from ipsec_lo_trace.model.suggest import likely
from ipsec_lo_trace.pages.algorithms import ALGORITHMS
from ipsec_lo_trace.pages.codes import AUDIT_PAGES, CODE_PAGES, OUTCOME_PAGES
from ipsec_lo_trace.pages.counters import COUNTER_PAGES
from ipsec_lo_trace.pages.generated import PROBES, STAGES
from ipsec_lo_trace.pages.kernels import CASES, FIXES, KERNELS, KNOB_PAGES
from ipsec_lo_trace.pages.laws import LAW_PAGES, TRUTH_PAGES
from ipsec_lo_trace.pages.marks import MARKS
from ipsec_lo_trace.pages.page import Page
from ipsec_lo_trace.pages.questions import QUESTION_PAGES
from ipsec_lo_trace.pages.runs import RUN_PAGES
from ipsec_lo_trace.pages.steps import STEP_PAGES
from ipsec_lo_trace.pages.terms import TERMS
from ipsec_lo_trace.pages.words import DECISIONS, ERRNOS, VIAS

KINDS = {
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
    "algorithms": ("ciphers and authenticators", ALGORITHMS),
    "runs": ("runs of real kernels that other pages rest on", RUN_PAGES),
    "terms": ("the glossary", TERMS),
}
"""Each kind's meaning and its pages."""

PAGES = tuple(page for _meaning, pages in KINDS.values() for page in pages)


def names_of(page: Page) -> tuple[str, ...]:
    """Return every spelling of a page's name."""
    return (page.name, *page.aliases)


def find(name: str) -> list[Page]:
    """Return the pages named ``name``, ignoring case; some words are of two kinds.

    A counter with another index has its neighbour's page, as icps_inhist[13] that of icps_inhist[0].
    """
    wanted = name.strip().lower()
    found = [page for page in PAGES if wanted in (spelling.lower() for spelling in names_of(page))]
    array = re.fullmatch(r"(\w+\[)\d+\]", wanted)
    if not found and array:
        found = [page for page in PAGES if page.name.startswith(array[1])][:1]
    return found


def near(name: str) -> list[str]:
    """Return names that look like ``name``, the likeliest first."""
    return likely(name.strip(), [spelling for page in PAGES for spelling in names_of(page)])
