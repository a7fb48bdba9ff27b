"""The configurations that come with the program; their words are those of their files."""

from __future__ import annotations

from ipsec_lo_trace.cases.case import Case, all_cases
from ipsec_lo_trace.pages.page import PROGRAM, Page

_DERIVED = ("bundle-reply", "bundle-request", "default-level", "gate-2", "lo-ah-in-esp", "own-address")
"""Those whose outcome follows from source that was read; nobody ran them."""
_READ = ("use-no-sa",)
"""Those that rest on what the source says in one place."""


def _page(case: Case) -> Page:
    derived = "derived" if case.name in _DERIVED else "read" if case.name in _READ else "measured"
    return Page(
        kind="cases",
        name=case.name,
        text=case.title,
        source=f"a setkey(8) file of this program, ipsec_lo_trace/cases/configurations/{case.name}.conf",
        sure=derived,
        example=f"{PROGRAM} ping --case {case.name}",
        details=(
            ("pings", f"{case.src} to {case.dst}"),
            ("print it", f"{PROGRAM} ping --case {case.name} --show-config"),
        ),
    )


CASES = tuple(_page(case) for case in all_cases())
