"""Does a change of the code change what happens to a packet?

The files in tests/golden are minimal traces: what changed, what was asked, what was decided.  They are to be
read in a diff.  ``ipsec-lo-trace check --update tests/golden/*.txt`` writes them anew, each from the command
in its header.
"""

from __future__ import annotations

import pytest

from ipsec_lo_trace.cli.checking.command import asked
from ipsec_lo_trace.cli.checking.files import read_checks
from ipsec_lo_trace.cli.checking.report import reason
from ipsec_lo_trace.cli.run.check import run_all
from ipsec_lo_trace.fixes.fix import all_fixes
from ipsec_lo_trace.userland.probe_kind import all_probes
from tests.support import HERE, PATCHED, UNPATCHED

GOLDEN = HERE / "golden"
NAMES = [
    "lo-esp",
    "lo-ah",
    "lo-bundle",
    "lo-esp-tunnel",
    "ab-esp",
    "wildcard",
    "asymmetric",
    "bundle-request",
    "in-only",
    "in-discard",
    "use-no-sa",
    "require-no-sa",
]
KERNELS = ["unpatched", "patched"]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_the_minimal_trace_is_the_golden_one(name: str, kernel: str) -> None:
    """Marks, questions, answers and decisions are those of the reviewed file."""
    checks = read_checks(str(GOLDEN / f"{name}.{kernel}.txt"), fresh=False)
    for result in run_all([asked(check) for check in checks]):
        assert [reason(mismatch) for mismatch in result.mismatches] == []


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_a_golden_file_is_about_what_its_name_says(name: str, kernel: str) -> None:
    """The command in the header runs the file's scenario on the file's kernel."""
    [check] = read_checks(str(GOLDEN / f"{name}.{kernel}.txt"), fresh=False)
    assert isinstance(check.run, str)
    assert check.run.startswith(f"ping --{kernel} --case {name}")


FIX_FILES = [f"fix.{fix.name}.txt" for fix in all_fixes() if fix.name not in (UNPATCHED, PATCHED)]
PROBE_FILES = [f"probe.{probe.name}.txt" for probe in all_probes()]


@pytest.mark.parametrize("name", [*FIX_FILES, *PROBE_FILES])
def test_every_fix_and_every_probe_has_its_golden_trace(name: str) -> None:
    """A fix's file is a ping over one ESP SA under that fix; a probe's is that probe, without a fix."""
    [check] = read_checks(str(GOLDEN / name), fresh=False)
    assert isinstance(check.run, str)
    kind, _, rest = name.removesuffix(".txt").partition(".")
    if kind == "fix":
        assert check.run == f"ping --case lo-esp --fix {rest}"
    else:
        assert check.run.startswith(f"probe {rest}")
    for result in run_all([asked(check)]):
        assert [reason(mismatch) for mismatch in result.mismatches] == []


def test_no_golden_file_is_forgotten() -> None:
    """Every file in tests/golden belongs to a test."""
    names = {f"{name}.{kernel}.txt" for name in NAMES for kernel in KERNELS}
    assert {path.name for path in GOLDEN.iterdir()} == {*names, *FIX_FILES, *PROBE_FILES}
