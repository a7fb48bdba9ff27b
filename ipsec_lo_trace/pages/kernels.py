"""What can be run: kernels, the fixes and switches for them, and the configurations to run them under."""

from __future__ import annotations

from ipsec_lo_trace.cases.case import Case, all_cases
from ipsec_lo_trace.fixes.fix import SHORT, Fix, all_fixes
from ipsec_lo_trace.model.build import KNOBS, Knob, values
from ipsec_lo_trace.model.codes import RunName
from ipsec_lo_trace.pages.page import PROGRAM, Page, sentence

KERNELS = (
    Page(
        kind="kernels",
        name="netbsd-2003-08",
        text="NetBSD's FAST_IPSEC as imported in August 2003, before any fix: IPv4, ESP, AH and IPComp.",
        source=(
            "the NetBSD 2.0 branch (ipsec_output.c 1.12.2, ipsec_input.c 1.8, ip_output.c 1.130) less"
            " what is known to be younger than 18 August 2003"
        ),
        sure="derived",
        example=f"{PROGRAM} ping -v",
        details=(("unknown", "the files of that very week: none dated 13 to 22 August 2003 was to be had"),),
        see=("FAST_IPSEC", "none"),
    ),
)

_FIX_RUNS: dict[str, tuple[RunName, ...]] = {
    "none": ("verdicts", "tag-traces", "further", "random"),
    "netbsd-2003-08": ("verdicts", "tag-traces", "further", "random"),
    "netbsd-2.0": ("verdicts", "random"),
    "looutput-only": ("verdicts", "random"),
}
"""The treatments that both sets of runs had: strip in neither place, in either, in both.

Others were only switches of the random runs, and rest on the source that has them.
"""

_SURE = {"announced": "cited", "documented": "cited", "derived": "derived", "assumed": "assumed", "a": "ours"}
"""How sure a source is whose text begins so; most begin with "read"."""


def _fix_page(fix: Fix) -> Page:
    settings = ", ".join(f"{name}={value}" for name, value in fix.knobs.items()) or "none"
    details = (("knobs", settings), *((("left out", fix.note),) if fix.note else ()))
    return Page(
        kind="fixes",
        name=fix.name,
        aliases=tuple(short for short, name in SHORT.items() if name == fix.name),
        text=sentence(fix.title),
        source=fix.source,
        sure="measured" if fix.name in _FIX_RUNS else _SURE.get(fix.source.split()[0], "read"),
        runs=_FIX_RUNS.get(fix.name, ()),
        example=f"{PROGRAM} ping --fix {fix.name}",
        details=details,
        see=tuple(fix.knobs) or ("icmp_reflect",),
    )


FIXES = tuple(_fix_page(fix) for fix in all_fixes())


def _knob_page(name: str, knob: Knob) -> Page:
    plain, *others = values(name)
    return Page(
        kind="knobs",
        name=name,
        text=sentence(knob.text),
        source=knob.source,
        sure="ours" if knob.source == "a proposal" else "read",
        example=f"{PROGRAM} ping --set {name}={others[-1]}",
        details=(("values", f"{plain} (the plain kernel's), {', '.join(others)}"),),
    )


KNOB_PAGES = tuple(_knob_page(name, knob) for name, knob in KNOBS.items())


_BOTH: tuple[RunName, ...] = ("verdicts", "tag-traces", "random")
_CASE_RUNS: dict[str, tuple[RunName, ...]] = {
    **dict.fromkeys(("lo-esp", "lo-ah", "lo-esp-tunnel", "lo-ah-tunnel"), _BOTH),
    **dict.fromkeys(("ab-esp", "ab-ah", "ab-esp-tunnel", "ab-ah-tunnel"), _BOTH),
    **dict.fromkeys(("lo-bundle", "ab-bundle", "lo-two-sas"), ("verdicts",)),
    **dict.fromkeys(("asymmetric", "in-discard", "in-discard-plain", "in-only"), ("further",)),
    **dict.fromkeys(("lo-ah-icmp", "lo-esp-icmp", "out-discard", "out-only", "out-only-ab"), ("further",)),
    **dict.fromkeys(("replay-window", "require-no-sa", "unique", "unique-mismatch"), ("further",)),
    **dict.fromkeys(("use", "wildcard"), ("further",)),
}
"""The runs of a case's own shape; random ones had many shapes, and are named where they had this one."""
_TRY = {name: f"probe redirect --case {name}" for name in ("null-sa", "forward-loop")}
"""What shows a case that a ping does not."""
_READ = ("use-no-sa",)
"""Those that rest on what the source says in one place; what else did not run is derived."""


def _case_page(case: Case) -> Page:
    runs = _CASE_RUNS.get(case.name, ())
    unrun = "read" if case.name in _READ else "derived"
    return Page(
        kind="cases",
        name=case.name,
        text=case.title,
        source=f"a setkey(8) file of this program, ipsec_lo_trace/cases/configurations/{case.name}.conf",
        sure="measured" if runs else unrun,
        runs=runs,
        example=f"{PROGRAM} {_TRY.get(case.name, f'ping --case {case.name}')}",
        details=(
            ("pings", f"{case.src} to {case.dst}"),
            ("print it", f"{PROGRAM} ping --case {case.name} --show-config"),
        ),
    )


CASES = tuple(_case_page(case) for case in all_cases())
